"""The program: global options, command groups, exit status."""

import contextlib
import os
import signal
import sys
from typing import Annotated

import typer

from imagebatch_cli.commands import (
    account,
    batches,
    budget,
    deleting,
    doctor,
    mcp,
    models,
    prompts,
    reviewing,
    sheets,
    templates,
    variants,
    verify,
    webhooks,
)
from imagebatch_cli.connection import Globals
from imagebatch_cli.errors import CliError, ExitStatus, InvalidInputError, OutputClosedError
from imagebatch_cli.options import Token, Url
from imagebatch_cli.output import Output
from imagebatch_cli.transport import cli_version

RETRY_SECONDS = 120.0
TERMINATED = 128 + signal.SIGTERM

app = typer.Typer(
    name="imagebatch",
    help="Submit a CSV, follow its progress, download one ZIP of images.",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for group in (
    sheets,
    batches,
    deleting,
    prompts,
    reviewing,
    variants,
    templates,
    models,
    budget,
    account,
    doctor,
    verify,
    webhooks,
    mcp,
):
    group.register(app)


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"imagebatch {cli_version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def imagebatch(
    context: typer.Context,
    url: Url = None,
    token: Token = None,
    retry_timeout: Annotated[
        float,
        typer.Option(
            min=0,
            metavar="SECONDS",
            help="Keep retrying failed requests for this many seconds.",
            envvar="IMAGEBATCH_RETRY_TIMEOUT",
        ),
    ] = RETRY_SECONDS,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", is_eager=True, callback=_show_version, help="Show the version and exit."
        ),
    ] = False,
) -> None:
    context.obj = Globals(url, token, retry_timeout)
    if context.invoked_subcommand is None:
        print(context.get_help())


def run(arguments: list[str]) -> int:
    """Run a command and return its exit status; errors have been printed."""
    out = Output(as_json="--json" in arguments)
    try:
        return int(app(args=arguments, prog_name="imagebatch", standalone_mode=False) or 0)
    except OutputClosedError as error:
        # Otherwise the flush at exit would fail again.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error.exit_status
    except CliError as error:
        out.print_error(error)
        return error.exit_status
    except typer.TyperException as error:
        usage = InvalidInputError(error.format_message(), hint="See imagebatch --help.")
        out.print_error(usage)
        return usage.exit_status
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED


def main() -> None:
    # Raise an exception, so that partially written files are removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    sys.exit(run(sys.argv[1:]))
