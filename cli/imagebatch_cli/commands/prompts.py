"""Commands for lists of prompts."""

from typing import Annotated

import typer

from imagebatch_cli import flows
from imagebatch_cli.errors import ExitStatus
from imagebatch_cli.options import (
    AsJson,
    CallbackUrl,
    DryRun,
    Force,
    IdempotencyKey,
    Into,
    MaxCost,
    Metadata,
    Model,
    Name,
    NoProgress,
    Rows,
    Token,
    Url,
    Wait,
    connect,
    output_for,
)
from imagebatch_cli.prompt_file import read_prompts
from imagebatch_cli.sheet import Document

PromptFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="A CSV with a column prompt, a JSON list, or text with one prompt a line; - for "
        "standard input.",
    ),
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Batches of prompts.", no_args_is_help=True)
    group.command("submit")(submit)
    app.add_typer(group, name="prompts")


def submit(
    context: typer.Context,
    file: PromptFile,
    *,
    name: Name = None,
    metadata: Metadata = None,
    model: Model = None,
    quality: Annotated[
        str | None, typer.Option(help="standard, or hd where the model has it.")
    ] = None,
    pdf: Annotated[bool, typer.Option("--pdf", help="Add a PDF with one image a page.")] = False,
    max_cost: MaxCost = None,
    callback_url: CallbackUrl = None,
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
    """Submit a list of prompts: one image for each."""
    given = {
        "name": name or flows.default_name(file),
        "metadata": flows.pairs("--metadata", metadata) or None,
        "model": model,
        "max_cost": max_cost,
        "callback_url": callback_url,
        "options": {"quality": quality or "standard", "include_pdf": pdf},
        "dry_run": dry_run or None,
    }
    target = flows.target_for(output, force=force, as_json=as_json)
    out = output_for(target, as_json=as_json, no_progress=no_progress)
    body: Document = {key: value for key, value in given.items() if value is not None}
    body["items"] = read_prompts(flows.read_file(file))
    with connect(context, url, token, out) as api:
        if dry_run:
            return flows.show_plan(out, api.submit_prompts(body, ""), rows=rows)
        answer = flows.submit_once(lambda key: api.submit_prompts(body, key), idempotency_key)
        return flows.follow(api, out, answer, target, wait=wait)
