"""Where owners' templates are kept."""

from collections.abc import Sequence
from typing import Protocol

from imagebatch.intake.sheet_templates import SheetTemplate


class TemplateStore(Protocol):
    """Templates by owner and name. Every read is consistent."""

    def put(self, owner: str, template: SheetTemplate, *, limit: int) -> bool:
        """Stores a template over one of the same name; true when it is new. LimitReachedError when
        the owner has `limit` others already, however many calls race for the last place.
        """
        ...

    def get(self, owner: str, name: str) -> SheetTemplate | None: ...

    def delete(self, owner: str, name: str) -> None:
        """Does nothing where there is none."""
        ...

    def list_templates(self, owner: str) -> Sequence[SheetTemplate]:
        """All of the owner's, by name."""
        ...
