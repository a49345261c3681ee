"""What draws thumbnails."""

from typing import Protocol


class Thumbnailer(Protocol):
    def draw(self, body: bytes) -> bytes:
        """A small WebP of the image. BadImageError when it cannot be drawn."""
        ...
