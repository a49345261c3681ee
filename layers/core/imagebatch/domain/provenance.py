"""Where an image comes from, and how its file says so."""

from dataclasses import dataclass
from enum import StrEnum

DEVELOPMENT_MODEL = "development"
"""What made a placeholder."""


class Mark(StrEnum):
    """How a file says that it was made by AI."""

    C2PA = "c2pa"
    """A signed manifest of the provider's (Content Credentials)."""
    XMP = "xmp"
    """IPTC's DigitalSourceType in an XMP packet."""
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Provenance:
    """`found` is the mark that the provider delivered; `sha256` is of the file as it is stored."""

    sha256: str
    prediction: str
    found: Mark = Mark.NONE
    added: bool | None = None
    """Whether our own XMP mark was written."""

    @property
    def mark(self) -> Mark:
        """The strongest mark that the stored file has."""
        return Mark.XMP if self.found is Mark.NONE and self.added else self.found
