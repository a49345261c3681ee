"""Notices and warnings about a sheet, kept with its batch and shown wherever the batch is."""

from enum import StrEnum

from imagebatch.structs import Struct


class NoticeLevel(StrEnum):
    NOTICE = "notice"
    """Something was repaired or interpreted; nothing was lost."""
    WARNING = "warning"
    """Needs a person's attention; the drop folder, which has none, rejects such a sheet."""


class Notice(Struct, frozen=True):
    """`row` is the first affected row, numbered as in a spreadsheet; None means the whole sheet."""

    code: str
    message: str
    level: NoticeLevel = NoticeLevel.NOTICE
    row: int | None = None
    column: str | None = None


def warning(code: str, message: str, row: int | None = None, column: str | None = None) -> Notice:
    return Notice(code, message, NoticeLevel.WARNING, row, column)


TOLD_AS_WARNINGS = frozenset({"unknown-columns", "unnamed-columns", "unknown-fields"})
"""Notices that the older `warnings` list of texts has always included."""


def warning_texts(notices: tuple[Notice, ...]) -> tuple[str, ...]:
    """The messages of the older `warnings` list."""
    return tuple(
        notice.message
        for notice in notices
        if notice.level is NoticeLevel.WARNING or notice.code in TOLD_AS_WARNINGS
    )
