"""Options that several commands share, and the connection that they describe."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import httpx
import typer

from imagebatch_cli.api import Api
from imagebatch_cli.auth.session import FixedToken, RenewedToken
from imagebatch_cli.auth.store import CredentialStore
from imagebatch_cli.download import Target
from imagebatch_cli.errors import InvalidInputError
from imagebatch_cli.output import Output
from imagebatch_cli.transport import Transport

Url = Annotated[
    str | None, typer.Option("--url", metavar="URL", help="The API's URL [IMAGEBATCH_URL].")
]
Token = Annotated[
    str | None,
    typer.Option(
        "--token",
        help="An access token. Safer in IMAGEBATCH_TOKEN, because other users can read options.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
Batch = Annotated[
    str, typer.Argument(metavar="ID", help="The batch's ID, or its first characters.")
]
File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="A CSV file or an Excel workbook (.xlsx), or - for standard input."
    ),
]
Template = Annotated[
    str | None,
    typer.Option("--template", metavar="NAME", help="A template, for a sheet with any columns."),
]
Prompt = Annotated[
    str | None,
    typer.Option(
        "--prompt", metavar="TEXT", help="The text of a template, with {{column}} placeholders."
    ),
]
WorkbookSheet = Annotated[
    str | None,
    typer.Option(
        "--sheet", metavar="NAME", help="The workbook's sheet. Default: the first visible one."
    ),
]
Encoding = Annotated[
    str | None,
    typer.Option("--encoding", help="The encoding of a CSV file, such as windows-1252."),
]
IgnoreUnknown = Annotated[
    bool, typer.Option("--ignore-unknown-columns", help="Ignore unknown columns.")
]
Name = Annotated[
    str | None, typer.Option("--name", help="The batch's name. Default: the file's name.")
]
Model = Annotated[str | None, typer.Option("--model", help="The model that generates the images.")]
Quality = Annotated[
    str | None,
    typer.Option("--quality", help="standard, hd or ultra, if the model has it."),
]
Fallback = Annotated[
    list[str] | None,
    typer.Option(
        "--fallback", metavar="MODEL", help="Another model if the first is unavailable. Repeatable."
    ),
]
Quote = Annotated[
    str | None,
    typer.Option(
        "--quote",
        metavar="ID",
        help="Submit only the content and price that a dry run quoted.",
    ),
]
MaxCost = Annotated[
    str | None, typer.Option("--max-cost", metavar="USD", help="Maximum cost of the batch in USD.")
]
NewMaxCost = Annotated[
    str | None,
    typer.Option(
        "--max-cost",
        metavar="USD",
        help="New maximum cost of the batch in USD, over all its rounds.",
    ),
]
SkipInvalid = Annotated[
    bool,
    typer.Option("--skip-invalid", help="Record rows with invalid values as failed."),
]
Rows = Annotated[
    bool, typer.Option("--rows", help="Show the prompt, the file name and the price of each row.")
]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Check the input and show the price; generate nothing.")
]
Rehearse = Annotated[
    str | None,
    typer.Option(
        "--rehearse",
        metavar="ROW:OUTCOME,...",
        help="In development mode, simulated outcomes: 7:refused,9:throttled,10%:timeout.",
    ),
]
Wait = Annotated[bool, typer.Option("--wait", help="Show live progress until the batch has ended.")]
Into = Annotated[
    str | None,
    typer.Option(
        "-o", "--output", metavar="FILE.zip", help="Wait, then download the ZIP to this file."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the output file.")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Do not show live progress.")]
Metadata = Annotated[
    list[str] | None,
    typer.Option("--metadata", metavar="KEY=VALUE", help="Stored with the batch. Repeatable."),
]
CallbackUrl = Annotated[
    str | None,
    typer.Option(
        "--callback-url", metavar="URL", help="https URL to call when the batch has ended."
    ),
]
IdempotencyKey = Annotated[
    str | None,
    typer.Option(
        "--idempotency-key", metavar="KEY", help="Repeating a key never creates a second batch."
    ),
]


@dataclass
class Globals:
    url: str | None
    token: str | None
    retry_seconds: float


def api_address(context: typer.Context, url: str | None) -> str:
    """The URL of the command, the program, the environment, or the last sign-in, in this order."""
    given: Globals = context.obj
    address = url or given.url or os.environ.get("IMAGEBATCH_URL") or CredentialStore().last_url
    if not address:
        raise InvalidInputError(
            "The API's URL is not set", hint="Set IMAGEBATCH_URL or pass --url."
        )
    return address.rstrip("/")


@contextmanager
def connect(
    context: typer.Context, url: str | None, token: str | None, output: Output
) -> Iterator[Api]:
    given: Globals = context.obj
    address = api_address(context, url)
    auth = _auth(address, token or given.token or os.environ.get("IMAGEBATCH_TOKEN"))
    transport = Transport(
        address, auth, retry_seconds=given.retry_seconds, notify=output.print_message
    )
    try:
        yield Api(transport)
    finally:
        transport.close()


def _auth(address: str, token: str | None) -> httpx.Auth | None:
    """A token that was passed in takes precedence over a sign-in."""
    if token:
        return FixedToken(token)
    store = CredentialStore()
    sign_in = store.load(address)
    return RenewedToken(address, sign_in, store) if sign_in else None


def is_signed_in(context: typer.Context, url: str | None, token: str | None) -> bool:
    """Whether a service is configured, with a token or a sign-in for it."""
    given: Globals = context.obj
    try:
        address = api_address(context, url)
    except InvalidInputError:
        return False
    return _auth(address, token or given.token or os.environ.get("IMAGEBATCH_TOKEN")) is not None


def output_for(target: Target | None, *, as_json: bool, no_progress: bool) -> Output:
    taken = target is not None and target.is_stdout
    return Output(as_json=as_json, stdout_taken=taken, show_progress=not no_progress)
