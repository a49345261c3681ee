"""What was noticed while a sheet was read: kept with its batch and shown wherever the batch is."""

from dataclasses import dataclass
from enum import StrEnum


class NoticeLevel(StrEnum):
    NOTICE = "notice"
    """Something was repaired or understood; nothing was lost."""
    WARNING = "warning"
    """A person should look at it; the drop folder, where nobody can, refuses such a sheet."""


@dataclass(frozen=True, slots=True)
class Notice:
    """`row` is the first one concerned, as a spreadsheet numbers it; None is the whole sheet."""

    code: str
    message: str
    level: NoticeLevel = NoticeLevel.NOTICE
    row: int | None = None
    column: str | None = None


def warning(code: str, message: str, row: int | None = None, column: str | None = None) -> Notice:
    return Notice(code, message, NoticeLevel.WARNING, row, column)


TOLD_AS_WARNINGS = frozenset({"unknown-columns", "unnamed-columns", "unknown-fields"})
"""Notices that the older `warnings` list of texts has always held."""


def warning_texts(notices: tuple[Notice, ...]) -> tuple[str, ...]:
    """The messages of the older `warnings` list."""
    return tuple(
        notice.message
        for notice in notices
        if notice.level is NoticeLevel.WARNING or notice.code in TOLD_AS_WARNINGS
    )
