"""The archive's index.html: every image with its row, on one page that needs no network.

It has no script, only its own style, and only links to the archive's files: the content security
policy enforces this, and user input is always escaped.
"""

from base64 import b64encode
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from hashlib import sha256
from html import escape
from itertools import groupby
from string import Template
from urllib.parse import quote

from imagebatch.data import data_text
from imagebatch.domain.batch import Batch
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.statuses import ItemStatus, Kind
from imagebatch.reports.notes import note_lines
from imagebatch.reports.results import Result

PAGE = Template(data_text("contact_sheet.html"))
STYLE = data_text("contact_sheet.css")
POLICY = (
    "default-src 'none'; img-src 'self' file:; "
    f"style-src 'sha256-{b64encode(sha256(STYLE.encode()).digest()).decode()}'; "
    "base-uri 'none'; form-action 'none'"
)
KINDS = {
    Kind.CARS: "Car batch",
    Kind.PROMPTS: "Prompt batch",
    Kind.VARIANTS: "Variant batch",
    Kind.SHEET: "Sheet batch",
}
ALT_LENGTH = 160


def contact_sheet(batch: Batch, results: Sequence[Result]) -> bytes:
    made = [result for result in results if result.status is ItemStatus.SUCCEEDED]
    failed = [result for result in results if result.failure]
    title = batch.name or f"Batch {batch.id[:8]}"
    return PAGE.substitute(
        policy=POLICY,
        title=escape(title),
        style=STYLE,
        header="\n".join(_header(batch, title, results, failed)),
        images="\n".join(_groups(made)),
        failures="\n".join(_failures(failed)),
    ).encode(errors="replace")


def _header(
    batch: Batch, title: str, results: Sequence[Result], failed: Sequence[Result]
) -> Iterator[str]:
    yield f'<header>\n<p class="kind">{KINDS[batch.kind]}</p>\n<h1 dir="auto">{escape(title)}</h1>'
    yield '<dl class="facts">'
    for name, value in _facts(batch, results, len(failed)):
        yield f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>"
    yield "</dl>"
    if batch.mode is Mode.DEVELOPMENT:
        yield '<p class="notice">Development mode: placeholders, not generated images.</p>'
    if failed:
        yield f'<p><a href="#failed">{_rows(len(failed))} failed</a></p>'
    if batch.notices:
        yield '<ul class="notes">'
        yield from (f'<li dir="auto">{escape(line)}</li>' for line in note_lines(batch))
        yield "</ul>"
    yield "</header>"


def _facts(batch: Batch, results: Sequence[Result], failed: int) -> Iterator[tuple[str, str]]:
    made = sum(result.status is ItemStatus.SUCCEEDED for result in results)
    cancelled = sum(result.status is ItemStatus.CANCELLED for result in results)
    yield "Images", f"{made:,} of {len(results):,}"
    yield "Failed", f"{failed:,}"
    if cancelled:
        yield "Cancelled", f"{cancelled:,}"
    yield "Cost", f"{sum((result.item.cost for result in results), Decimal(0)):f} USD"
    yield "Model", batch.model
    yield "Submitted", f"{batch.created_at:%Y-%m-%d %H:%M} UTC"
    yield "Batch", batch.id


def _groups(made: Iterable[Result]) -> Iterator[str]:
    for folder, results in groupby(made, lambda result: result.item.archive_dir):
        yield "<section>"
        if folder:
            yield f'<h2 dir="auto">{escape(folder)}</h2>'
        yield '<ul class="grid">'
        yield from map(_figure, results)
        yield "</ul>\n</section>"


def _figure(result: Result) -> str:
    image, words = result.item.image, _words(result)
    size = f' width="{image.width}" height="{image.height}"' if image else ""
    address = quote(result.file, errors="replace")
    prompt = escape(result.item.prompt)
    folded = f'<details><summary>Prompt</summary><p dir="auto">{prompt}</p></details>'
    return (
        f'<li class="card"><a href="{address}"><img src="{address}" alt="{_alt(words)}"{size}'
        f' loading="lazy" decoding="async"></a><p class="row">{_label(result)}'
        f' <span class="id"><bdi>{escape(result.item.custom_id)}</bdi></span></p>'
        f'<p class="words" dir="auto">{escape(words)}</p>'
        f'<p class="file"><bdi>{escape(result.file)}</bdi></p>{folded if result.cells else ""}</li>'
    )


def _failures(failed: Sequence[Result]) -> Iterator[str]:
    if not failed:
        return
    yield f'<section id="failed">\n<h2>{_rows(len(failed))} failed</h2>\n<div class="wide"><table>'
    yield "<thead><tr><th>Row</th><th>Content</th><th>Reason</th><th>Code</th></tr></thead>"
    yield "<tbody>"
    for result in failed:
        if result.failure:
            yield (
                f'<tr><td>{_label(result)}<br><span class="id"><bdi>{escape(result.item.custom_id)}'
                f'</bdi></span></td><td dir="auto">{escape(_words(result))}</td>'
                f'<td dir="auto">{escape(result.failure.reason)}</td>'
                f'<td><code>{result.failure.code.value}</code><br><span class="id">'
                f"{'may work when retried' if result.failure.code.retryable else 'needs a change'}"
                "</span></td></tr>"
            )
    yield "</tbody></table></div>\n</section>"


def _label(result: Result) -> str:
    return (
        f"Row {result.item.row}" if result.item.row is not None else f"Item {result.item.index + 1}"
    )


def _words(result: Result) -> str:
    """The input: the row's cells, or the prompt if there is no sheet."""
    return " · ".join(cell for cell in result.cells if cell.strip()) or result.item.prompt


def _alt(words: str) -> str:
    return escape(words if len(words) <= ALT_LENGTH else f"{words[: ALT_LENGTH - 1]}…")


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"
