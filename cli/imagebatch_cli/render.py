"""What people see of the API's answers."""

import time
from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from imagebatch_cli.api import Document
from imagebatch_cli.download import Archive
from imagebatch_cli.output import plain, table
from imagebatch_cli.watch import Progress, is_finished

ROWS_SHOWN = 50
STYLES = {"completed": "green", "failed": "red", "cancelled": "yellow", "expired": "dim"}


def money(amount: str | None) -> str:
    return f"${plain(amount)}" if amount is not None else ""


def moment(told: str | None) -> str:
    """An ISO 8601 time as people read it, in UTC as the API says it."""
    return f"{told[:10]} {told[11:19]} UTC" if told else ""


def remaining(eta: str | None) -> str:
    """How long until `eta`, by this machine's clock."""
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
    """One line of what became of the items; only what there is."""
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
    """A batch in full, with what failed."""
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
    return Group(grid, *_failures(status))


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
    rest = [Text(f"and {more} more, in the archive's failed_rows.json")] if more > 0 else []
    return [Text(""), failed, *rest]


def ended(status: Document, archive: Archive | None) -> RenderableType:
    """The end of a wait, in as few words as tell it."""
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
    mode = ", development mode" if answer.get("mode") == "development" else ""
    images = "1 image" if answer["total"] == 1 else f"{answer['total']} images"
    return f"Batch {answer['jobId']}: {images}, about {money(answer.get('estimatedCost'))}{mode}"


def plan(answer: Document) -> RenderableType:
    """A dry run: what would be made, and for how much."""
    rows = table("row", "file", "prompt", "price")
    for item in answer["items"][:ROWS_SHOWN]:
        rows.add_row(
            plain(item.get("row")),
            Text(plain(item.get("file"))),
            _prompt(item),
            money(item.get("price")),
        )
    more = answer["total"] - min(len(answer["items"]), ROWS_SHOWN)
    rest = [Text(f"and {more} more rows (--json shows all)")] if more > 0 else []
    images = "1 image" if answer["total"] == 1 else f"{answer['total']} images"
    mode = " in development mode" if answer.get("mode") == "development" else ""
    total = Text(f"Valid: {images}, about {money(answer.get('estimatedCost'))}{mode}.")
    return Group(rows, *rest, total)


def _prompt(item: Document) -> Text:
    """Of a row that is skipped, why."""
    if item.get("reason"):
        return Text(f"skipped: {plain(item['reason'])}", style="red")
    return Text(plain(item.get("prompt")))


def listing(answer: Document) -> RenderableType:
    rows = table("batch", "kind", "name", "status", "done", "failed", "cost", "created", ids=1)
    for status in answer["items"]:
        progress = Progress.of(status)
        rows.add_row(
            plain(status.get("batch_id")),
            plain(status.get("kind")),
            Text(plain(status.get("name"))),
            status_word(status),
            f"{progress.succeeded}/{progress.total}",
            str(progress.failed or ""),
            money(progress.cost),
            moment(status.get("created_at")),
        )
    if not answer["items"]:
        return Text("No batches.")
    cursor = answer.get("next_cursor")
    rest = [Text(f"More: imagebatch list --cursor {plain(cursor)}")] if cursor else []
    return Group(rows, *rest)


def imported(answer: Document) -> RenderableType:
    """How many variants an import took, in whatever fields the answer counts them."""
    told = {key: value for key, value in answer.items() if isinstance(value, int | str)}
    told |= {key: len(value) for key, value in answer.items() if isinstance(value, list) and value}
    return Text(", ".join(f"{key} {plain(value)}" for key, value in told.items()) or "Imported.")
