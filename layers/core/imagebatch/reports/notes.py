"""The notices of a batch as sentences, for its archive."""

from collections.abc import Iterator, Sequence

from imagebatch.domain.batch import Batch
from imagebatch.domain.notice import Notice, NoticeLevel, warning

MAX_NAMES_SHOWN = 20
NO_PAGES = warning(
    "no-pages", "pages.pdf could not be created and is not in this archive. Every image is."
)
EXACT_CELLS = Notice(
    "exact-cells",
    "failed_rows.csv has your cells exactly as you submitted them, so that you can submit it "
    "again. Some of them start like a formula: do not open it in a spreadsheet without importing "
    "them as text. In results.csv they are neutralized with an apostrophe.",
)


def pages_left_out(names: Sequence[str]) -> Sequence[Notice]:
    """The notices about images that pages.pdf does not show."""
    if not names:
        return ()
    more = f" and {len(names) - MAX_NAMES_SHOWN} more" if len(names) > MAX_NAMES_SHOWN else ""
    listed = ", ".join(names[:MAX_NAMES_SHOWN]) + more
    text = f"pages.pdf has no page for {listed}: it could not be drawn. The archive has the image."
    return (warning("pages-left-out", text),)


def missing_file(name: str) -> Notice:
    return warning("missing-file", f"{name} could not be created and is not in this archive.")


def notes_txt(batch: Batch) -> str:
    """One notice per line, warnings first."""
    return "".join(f"{line}\n" for line in note_lines(batch))


def note_lines(batch: Batch) -> Iterator[str]:
    ordered = sorted(batch.notices, key=lambda notice: notice.level is not NoticeLevel.WARNING)
    return map(_sentence, ordered)


def _sentence(notice: Notice) -> str:
    row = f"row {notice.row}" if notice.row is not None else ""
    place = ", ".join(part for part in (row, notice.column) if part)
    said = f"{place}: {notice.message}" if place else notice.message
    # A message may quote user input, and each notice is one line.
    return " ".join(f"{notice.level.value.capitalize()}: {said}".split())
