"""What checks images."""

from typing import Protocol

from imagebatch.structs import Struct


class ImageValidator(Protocol):
    def validate(self, body: bytes, aspect_ratio: str | None) -> "Inspected":
        """Decode the whole image. BadImageError if it is not the requested image."""
        ...


class Inspected(Struct, frozen=True):
    content_type: str
    extension: str
    width: int
    height: int


class BadImageError(Exception):
    """Not an image, truncated, blank, or with another aspect ratio; the text says which."""


class UnfitImageError(BadImageError):
    """With another aspect ratio: the next image of its model would be no different."""
