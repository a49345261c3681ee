"""Commands for lists of prompts."""

from typing import Annotated

import typer

from imagebatch_cli import flows
from imagebatch_cli.errors import ExitStatus
from imagebatch_cli.options import (
    AsJson,
    CallbackUrl,
    DryRun,
    Encoding,
    Fallback,
    Force,
    IdempotencyKey,
    IgnoreUnknown,
    Into,
    MaxCost,
    Metadata,
    Model,
    Name,
    NoProgress,
    Quality,
    Quote,
    Rehearse,
    Rows,
    Token,
    Url,
    Wait,
    WorkbookSheet,
    connect,
    output_for,
)
from imagebatch_cli.prompt_file import is_sheet, read_prompts
from imagebatch_cli.sheet import Document, Options

PromptFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="A sheet with a column prompt, a JSON list, or text with one prompt a line; - for "
        "standard input.",
    ),
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Submit prompts.", no_args_is_help=True)
    group.command("submit")(submit)
    app.add_typer(group, name="prompts")


def submit(
    context: typer.Context,
    file: PromptFile,
    *,
    name: Name = None,
    metadata: Metadata = None,
    model: Model = None,
    fallback: Fallback = None,
    quote: Quote = None,
    quality: Quality = None,
    sheet: WorkbookSheet = None,
    encoding: Encoding = None,
    ignore_unknown: IgnoreUnknown = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Add a PDF with one image per page.")] = False,
    max_cost: MaxCost = None,
    callback_url: CallbackUrl = None,
    rehearse: Rehearse = None,
    dry_run: DryRun = False,
    rows: Rows = False,
    idempotency_key: IdempotencyKey = None,
    wait: Wait = False,
    output: Into = None,
    force: Force = False,
    no_progress: NoProgress = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Submit a list of prompts: one image per prompt."""
    given = {
        "name": name or flows.default_name(file),
        "metadata": flows.pairs("--metadata", metadata) or None,
        "model": model,
        "fallback": fallback or None,
        "quote_id": quote,
        "max_cost": max_cost,
        "callback_url": callback_url,
        "rehearse": flows.fates(rehearse) or None,
        "dry_run": dry_run or None,
    }
    target = flows.target_for(output, force=force, as_json=as_json)
    out = output_for(target, as_json=as_json, no_progress=no_progress)
    body: Document = {key: value for key, value in given.items() if value is not None}
    found = flows.read_file(file)
    reading = Options(sheet=sheet, encoding=encoding, ignore_unknown=ignore_unknown).fields()
    if is_sheet(found):
        body |= {"quality": quality or "standard", "include_pdf": pdf, **reading}
    else:
        body["options"] = {"quality": quality or "standard", "include_pdf": pdf}
        body["items"] = read_prompts(found)
    with connect(context, url, token, out) as api:

        def send(key: str) -> Document:
            if is_sheet(found):
                return api.submit_prompt_sheet(found, body, key)
            return api.submit_prompts(body, key)

        if dry_run:
            return flows.show_plan(out, send(""), rows=rows)
        answer = flows.submit_once(send, idempotency_key)
        return flows.follow(api, out, answer, target, wait=wait)
