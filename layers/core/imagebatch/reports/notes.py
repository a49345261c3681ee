"""The notices of a batch as sentences, for its archive."""

from collections.abc import Iterator

from imagebatch.domain.batch import Batch
from imagebatch.domain.notice import Notice, NoticeLevel


def notes_txt(batch: Batch) -> str:
    """One notice a line, the warnings first."""
    return "".join(f"{line}\n" for line in note_lines(batch))


def note_lines(batch: Batch) -> Iterator[str]:
    ordered = sorted(batch.notices, key=lambda notice: notice.level is not NoticeLevel.WARNING)
    return map(_sentence, ordered)


def _sentence(notice: Notice) -> str:
    row = f"row {notice.row}" if notice.row is not None else ""
    place = ", ".join(part for part in (row, notice.column) if part)
    said = f"{place}: {notice.message}" if place else notice.message
    # A message may quote what people typed, and each notice is one line.
    return " ".join(f"{notice.level.value.capitalize()}: {said}".split())
