"""Where an image comes from, and how its file states that."""

from enum import StrEnum

from imagebatch.structs import Struct

DEVELOPMENT_MODEL = "development"
"""The model name of placeholders."""


class Mark(StrEnum):
    """How a file states that it is AI-generated."""

    C2PA = "c2pa"
    """A provider's signed manifest (Content Credentials)."""
    XMP = "xmp"
    """IPTC's DigitalSourceType in an XMP packet."""
    NONE = "none"


class Provenance(Struct, frozen=True):
    """`found` is the mark in the provider's file; `sha256` is of the stored file."""

    sha256: str
    prediction: str
    found: Mark = Mark.NONE
    added: bool | None = None
    """Whether our own XMP mark was written."""

    @property
    def mark(self) -> Mark:
        """The strongest mark that the stored file has."""
        return Mark.XMP if self.found is Mark.NONE and self.added else self.found
