"""The options that several commands have, and what is made of them."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated

import typer

from imagebatch_cli.api import Api
from imagebatch_cli.download import Target
from imagebatch_cli.errors import InvalidInputError
from imagebatch_cli.output import Output
from imagebatch_cli.transport import Transport

Url = Annotated[str | None, typer.Option("--url", help="The API's address [IMAGEBATCH_URL].")]
Token = Annotated[str | None, typer.Option("--token", help="The access token [IMAGEBATCH_TOKEN].")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON document on standard output.")]
Batch = Annotated[str, typer.Argument(metavar="ID", help="The batch's id.")]
File = Annotated[str, typer.Argument(metavar="FILE", help="A CSV file; - reads standard input.")]
Name = Annotated[str | None, typer.Option("--name", help="The batch's name.")]
Model = Annotated[str | None, typer.Option("--model", help="A model of the service's registry.")]
MaxCost = Annotated[str | None, typer.Option("--max-cost", help="Never spend more, in USD.")]
SkipInvalid = Annotated[
    bool, typer.Option("--skip-invalid", help="Record rows with invalid values as failed.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for the end, with live progress.")]
Into = Annotated[
    str | None,
    typer.Option("-o", "--output", metavar="FILE.zip", help="Fetch the ZIP (implies --wait)."),
]
Force = Annotated[bool, typer.Option("--force", help="Overwrite the output file.")]
NoProgress = Annotated[bool, typer.Option("--no-progress", help="Do not show live progress.")]
Metadata = Annotated[
    list[str] | None,
    typer.Option("--metadata", metavar="KEY=VALUE", help="Kept with the batch; repeatable."),
]
CallbackUrl = Annotated[
    str | None, typer.Option("--callback-url", help="Called (https) when the batch ends.")
]


@dataclass
class Globals:
    url: str | None
    token: str | None
    patience: float


@contextmanager
def connect(
    context: typer.Context, url: str | None, token: str | None, output: Output
) -> Iterator[Api]:
    """The API at the nearest given address: the command's, the program's, the environment's."""
    given: Globals = context.obj
    address = url or given.url or os.environ.get("IMAGEBATCH_URL")
    if not address:
        raise InvalidInputError(
            "No address of the API", hint="Give it with --url or IMAGEBATCH_URL."
        )
    secret = token or given.token or os.environ.get("IMAGEBATCH_TOKEN")
    transport = Transport(address, secret, patience=given.patience, notify=output.say)
    try:
        yield Api(transport)
    finally:
        transport.close()


def output_for(target: Target | None, *, as_json: bool, no_progress: bool) -> Output:
    taken = target is not None and target.is_stdout
    return Output(as_json=as_json, stdout_taken=taken, show_progress=not no_progress)
