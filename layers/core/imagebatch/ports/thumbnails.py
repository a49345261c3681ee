"""What draws thumbnails."""

from typing import Protocol


class Thumbnailer(Protocol):
    def draw(self, body: bytes) -> bytes:
        """Return a small WebP of the image. BadImageError if it cannot be drawn."""
        ...
