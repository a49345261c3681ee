"""The options that commands share, each declared once, and the groups that commands take whole.

`commands.add` gives Typer one option for each field of a group.
"""

from dataclasses import dataclass
from typing import Annotated

import typer

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


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """Of every command that calls the service."""

    as_json: AsJson = False
    url: Url = None
    token: Token = None


@dataclass(frozen=True, kw_only=True)
class ArchiveOptions:
    """Of every command that can wait for a batch and download its ZIP."""

    output: Into = None
    force: Force = False
    no_progress: NoProgress = False


@dataclass(frozen=True, kw_only=True)
class ModelOptions:
    """Which models generate the images."""

    model: Model = None
    fallback: Fallback = None
    quality: Quality = None


@dataclass(frozen=True, kw_only=True)
class BatchOptions(ModelOptions):
    """Of a new batch of any kind."""

    metadata: Metadata = None
    quote: Quote = None
    max_cost: MaxCost = None
    callback_url: CallbackUrl = None
    rehearse: Rehearse = None
    dry_run: DryRun = False
    rows: Rows = False


@dataclass(frozen=True, kw_only=True)
class RoundOptions(ModelOptions):
    """Of a new round of a batch; omitted ones stay unchanged."""

    max_cost: NewMaxCost = None


@dataclass(frozen=True, kw_only=True)
class SheetOptions:
    """How to read a sheet, and what its rows mean."""

    template: Template = None
    prompt: Prompt = None
    sheet: WorkbookSheet = None
    encoding: Encoding = None


@dataclass(frozen=True, kw_only=True)
class CheckOptions:
    """What to tolerate in a sheet."""

    skip_invalid: SkipInvalid = False
    ignore_unknown: IgnoreUnknown = False
