"""Renders the API's responses for people."""

import time
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from imagebatch_cli.download import Archive
from imagebatch_cli.ids import shown_length
from imagebatch_cli.output import plain, table
from imagebatch_cli.sheet import Document
from imagebatch_cli.watch import Progress, is_finished

WIDE_LIST = 60
STYLES = {"completed": "green", "failed": "red", "cancelled": "yellow", "expired": "dim"}


def money(amount: str | None) -> str:
    return f"${plain(amount)}" if amount is not None else ""


def moment(timestamp: str | None) -> str:
    """Format an ISO 8601 time for people, in UTC like the API."""
    return f"{timestamp[:10]} {timestamp[11:19]} UTC" if timestamp else ""


def remaining(eta: str | None) -> str:
    """Return how long until `eta`, by this machine's clock."""
    if not eta:
        return ""
    try:
        seconds = datetime.fromisoformat(eta).timestamp() - time.time()
    except ValueError:
        return ""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"about {whole} s left"
    if whole < 3600:
        return f"about {round(whole / 60)} min left"
    return f"about {whole / 3600:.1f} h left"


def counts(progress: Progress) -> str:
    """Return one line with the items' counts, omitting zeros."""
    parts = [f"{progress.succeeded} of {progress.total} images"]
    named = ("failed", "cancelled", "processing", "pending")
    parts += [f"{getattr(progress, name)} {name}" for name in named if getattr(progress, name)]
    return ", ".join(parts)


def outlook(progress: Progress) -> str:
    waiting = f"waiting for {progress.waiting}" if progress.waiting else ""
    return ", ".join(
        part for part in (money(progress.cost), remaining(progress.eta), waiting) if part
    )


def status_word(status: Document) -> Text:
    word = Text(plain(status["status"]), style=STYLES.get(status["status"], ""))
    if status.get("outcome"):
        word.append(f" ({plain(status['outcome']).replace('_', ' ')})", style="")
    return word


def batch(status: Document) -> RenderableType:
    """Render a batch in full, with its failed items."""
    progress = Progress.of(status)
    cost = status.get("cost") or {}
    lines: list[tuple[str, str | Text]] = [
        ("batch", plain(status.get("jobId"))),
        ("name", plain(status.get("name"))),
        ("kind", plain(status.get("kind"))),
        ("status", status_word(status)),
        ("mode", "development: placeholder images" if progress.mode == "development" else ""),
        ("round", str(status["round"]) if status.get("round", 1) > 1 else ""),
        ("progress", f"{progress.percent}%, {counts(progress)}"),
        ("cost", _cost(cost)),
        ("remaining", remaining(progress.eta) if not is_finished(status) else ""),
        ("waiting for", plain(progress.waiting)),
        ("created", moment(status.get("createdAt"))),
        ("finished", moment(status.get("finishedAt"))),
        ("archive", f"until {moment(status.get('expiresAt'))}" if status.get("zipUrl") else ""),
    ]
    grid = Table.grid(padding=(0, 2, 0, 0))
    for label, value in lines:
        if value:
            grid.add_row(Text(label, style="dim"), value)
    noticed = [Text(plain(line)) for line in notices(status)]
    return Group(grid, *([Text(""), *noticed] if noticed else ()), *_failures(status))


def notices(answer: Document) -> list[str]:
    """Render the sheet's notices, one line each, and warnings that are not notices."""
    found = answer.get("notices") or []
    warnings = answer.get("warnings") or []
    told = {notice["message"] for notice in found}
    others = [f"warning: {warning}" for warning in warnings if warning not in told]
    return [*(_notice(notice, warnings) for notice in found), *others]


def _notice(notice: Document, warnings: list[str]) -> str:
    level = "warning" if notice["message"] in warnings else notice["level"]
    row = f"row {notice['row']}" if notice.get("row") is not None else ""
    place = ", ".join(part for part in (row, notice.get("column")) if part)
    return f"{level}: {place}: {notice['message']}" if place else f"{level}: {notice['message']}"


def _cost(cost: Document) -> str:
    said = f"{money(cost.get('actual', '0'))} of {money(cost.get('estimated', '0'))} estimated"
    return said + (f", at most {money(cost['max'])}" if cost.get("max") is not None else "")


def _failures(status: Document) -> list[RenderableType]:
    errors = status.get("errors") or []
    if not errors:
        return []
    failed = table("row", "id", "reason", "code", "retry")
    for error in errors:
        failed.add_row(
            plain(error.get("row")),
            Text(plain(error.get("customId"))),
            Text(plain(error.get("reason"))),
            plain(error.get("code")),
            "yes" if error.get("retryable") else "no",
        )
    more = status.get("failed", 0) - len(errors)
    rest = [Text(f"and {more} more, listed in failed_rows.csv in the ZIP")] if more > 0 else []
    return [Text(""), failed, *rest]


def ended(status: Document, archive: Archive | None) -> RenderableType:
    """Render the end of a wait in one line."""
    progress = Progress.of(status)
    said = Text("Batch ").append(status_word(status)).append(f": {counts(progress)}, ")
    said.append(f"{money(progress.cost)}.")
    if progress.mode == "development":
        said.append(" Development mode: the images are placeholders.")
    parts: list[RenderableType] = [said, *_failures(status)]
    if archive:
        parts.append(Text(saved(archive)))
    return Group(*parts)


def saved(archive: Archive) -> str:
    where = "standard output" if archive.file == "-" else archive.file
    return f"{where}: {archive.size:,} bytes, {archive.entries} files"


def accepted(answer: Document) -> str:
    cost = answer.get("estimatedCost") or (answer.get("cost") or {}).get("estimated")
    many = images(answer["total"])
    return f"Batch {answer['jobId']}: {many}, about {money(cost)}{mode(answer)}"


def images(total: int) -> str:
    return "1 image" if total == 1 else f"{total:,} images"


def mode(answer: Document) -> str:
    return ", development mode" if answer.get("mode") == "development" else ""


def listing(answer: Document, width: int | None) -> RenderableType:
    """`width` is the terminal's. Without one, IDs and times are not shortened, for other
    programs.
    """
    if not answer["items"]:
        return Text("No batches.")
    rows = _wide_list(answer["items"]) if width is None else _short_list(answer["items"], width)
    cursor = answer.get("nextCursor")
    rest = [Text(f"More: imagebatch list --cursor {plain(cursor)}")] if cursor else []
    return Group(rows, *rest)


def _wide_list(batches: list[Document]) -> Table:
    rows = table("batch", "kind", "name", "status", "done", "failed", "cost", "created", ids=1)
    for status in batches:
        progress = Progress.of(status)
        rows.add_row(
            plain(status.get("jobId")),
            plain(status.get("kind")),
            Text(plain(status.get("name"))),
            status_word(status),
            f"{progress.succeeded}/{progress.total}",
            str(progress.failed or ""),
            money(progress.cost),
            moment(status.get("createdAt")),
        )
    return rows


def _short_list(batches: list[Document], width: int) -> Table:
    """One line per batch: only the name is shortened, and on narrow terminals two columns are
    omitted.
    """
    is_wide = width >= WIDE_LIST
    length = shown_length([str(status["jobId"]) for status in batches])
    rows = table("id")
    rows.expand = True
    rows.add_column("name", ratio=1, no_wrap=True, overflow="ellipsis")
    for column in ("status", "done", "cost", "age") if is_wide else ("status", "age"):
        rows.add_column(column, no_wrap=True)
    for status in batches:
        progress = Progress.of(status)
        counted = (f"{progress.succeeded}/{progress.total}", money(progress.cost))
        rows.add_row(
            plain(status["jobId"])[:length],
            Text(plain(status.get("name"))),
            Text(_one_word(status), style=STYLES.get(status["status"], "")),
            *(counted if is_wide else ()),
            age(status.get("createdAt")),
        )
    return rows


def _one_word(status: Document) -> str:
    """Mark a completed batch that lacks images."""
    is_partial = status["status"] == "completed" and status.get("outcome") == "partial"
    return "partial" if is_partial else plain(status["status"])


def age(timestamp: str | None) -> str:
    """Return how long ago, by this machine's clock."""
    try:
        seconds = time.time() - datetime.fromisoformat(timestamp or "").timestamp()
    except ValueError:
        return ""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size:
            return f"{int(seconds // size)}{unit} ago"
    return "now"


def imported(answer: Document) -> RenderableType:
    """Return the counts of an import, whatever fields the response has."""
    told = {key: value for key, value in answer.items() if isinstance(value, int | str)}
    told |= {key: len(value) for key, value in answer.items() if isinstance(value, list) and value}
    return Text(", ".join(f"{key} {plain(value)}" for key, value in told.items()) or "Imported.")
