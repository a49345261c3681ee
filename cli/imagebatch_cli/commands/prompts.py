"""Commands for lists of prompts."""

from dataclasses import dataclass
from typing import Annotated

import typer

from imagebatch_cli import flows
from imagebatch_cli.api import Api
from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.errors import ExitStatus
from imagebatch_cli.options import (
    ArchiveOptions,
    CallbackUrl,
    DryRun,
    Encoding,
    Fallback,
    IdempotencyKey,
    IgnoreUnknown,
    MaxCost,
    Metadata,
    Model,
    Name,
    Quality,
    Quote,
    Rehearse,
    Rows,
    ServiceOptions,
    Wait,
    WorkbookSheet,
)
from imagebatch_cli.prompt_file import is_sheet, read_prompts
from imagebatch_cli.sheet import Document, Options, Sheet

PromptFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="A sheet with a column prompt, a JSON list, or text with one prompt a line; - for "
        "standard input.",
    ),
]


@dataclass(frozen=True, kw_only=True)
class PromptOptions:
    """The options of a batch of prompts, in the order of its help."""

    name: Name = None
    metadata: Metadata = None
    model: Model = None
    fallback: Fallback = None
    quote: Quote = None
    quality: Quality = None
    sheet: WorkbookSheet = None
    encoding: Encoding = None
    ignore_unknown: IgnoreUnknown = False
    pdf: Annotated[bool, typer.Option("--pdf", help="Add a PDF with one image per page.")] = False
    max_cost: MaxCost = None
    callback_url: CallbackUrl = None
    rehearse: Rehearse = None
    dry_run: DryRun = False
    rows: Rows = False


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Submit prompts.", no_args_is_help=True)
    add_commands(group, submit)
    app.add_typer(group, name="prompts")


def submit(
    context: typer.Context,
    file: PromptFile,
    *,
    options: PromptOptions,
    idempotency_key: IdempotencyKey = None,
    wait: Wait = False,
    archive: ArchiveOptions,
    service: ServiceOptions,
) -> ExitStatus:
    """Submit a list of prompts: one image per prompt."""
    body = _batch_fields(options, flows.default_name(file))
    target, out = flows.prepare_output(archive, service)
    found = flows.read_file(file)
    body |= _content_fields(options, found)
    with connect(context, service, out) as api:
        if options.dry_run:
            return flows.show_plan(out, _send(api, found, body, ""), rows=options.rows)
        answer = flows.submit_once(lambda key: _send(api, found, body, key), idempotency_key)
        return flows.follow(api, out, answer, target, wait=wait)


def _batch_fields(options: PromptOptions, default_name: str | None) -> Document:
    """Return the batch's fields in the v1 API's spelling; omitted options are not sent."""
    given = {
        "name": options.name or default_name,
        "metadata": flows.pairs("--metadata", options.metadata) or None,
        "model": options.model,
        "fallback": options.fallback or None,
        "quote_id": options.quote,
        "max_cost": options.max_cost,
        "callback_url": options.callback_url,
        "rehearse": flows.fates(options.rehearse) or None,
        "dry_run": options.dry_run or None,
    }
    return {name: value for name, value in given.items() if value is not None}


def _content_fields(options: PromptOptions, found: Sheet) -> Document:
    """Return how the service reads a sheet, or the prompts that were read here."""
    shared = {"quality": options.quality or "standard", "include_pdf": options.pdf}
    if not is_sheet(found):
        return {"options": shared, "items": read_prompts(found)}
    reading = Options(
        sheet=options.sheet, encoding=options.encoding, ignore_unknown=options.ignore_unknown
    )
    return shared | reading.fields()


def _send(api: Api, found: Sheet, body: Document, key: str) -> Document:
    if is_sheet(found):
        return api.submit_prompt_sheet(found, body, key)
    return api.submit_prompts(body, key)
