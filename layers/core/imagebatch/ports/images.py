"""What checks images."""

from dataclasses import dataclass
from typing import Protocol


class ImageValidator(Protocol):
    def validate(self, body: bytes, aspect_ratio: str | None) -> "Inspected":
        """Decodes the image whole. BadImageError when it is not one that was asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Inspected:
    content_type: str
    extension: str
    width: int
    height: int


class BadImageError(Exception):
    """Not an image, truncated, blank, or of another aspect ratio; the text says which."""


class UnfitImageError(BadImageError):
    """Of another aspect ratio: the next picture of its model would be no different."""
