"""What checks images."""

from dataclasses import dataclass
from typing import Protocol


class ImageValidator(Protocol):
    def validate(self, body: bytes, aspect_ratio: str | None) -> "Inspected":
        """Decode the whole image. BadImageError if it is not the requested image."""
        ...


@dataclass(frozen=True, slots=True)
class Inspected:
    content_type: str
    extension: str
    width: int
    height: int


class BadImageError(Exception):
    """Not an image, truncated, blank, or with another aspect ratio; the text says which."""


class UnfitImageError(BadImageError):
    """With another aspect ratio: the next image of its model would be no different."""
