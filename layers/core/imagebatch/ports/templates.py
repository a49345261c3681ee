"""Storage of owners' templates."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

# All that reads sheets: most functions never need it, and a cold start would wait for it.
if TYPE_CHECKING:
    from imagebatch.intake.sheet_templates import SheetTemplate


class TemplateStore(Protocol):
    """Templates by owner and name. Every read is consistent."""

    def put(self, owner: str, template: "SheetTemplate", *, limit: int) -> bool:
        """Store a template, replacing one of the same name; true if it is new.

        LimitReachedError if the owner already has `limit` others, however many calls compete for
        the last place.
        """
        ...

    def get(self, owner: str, name: str) -> "SheetTemplate | None": ...

    def delete(self, owner: str, name: str) -> None:
        """No effect if it does not exist."""
        ...

    def list_templates(self, owner: str) -> "Sequence[SheetTemplate]":
        """All of the owner's, by name."""
        ...
