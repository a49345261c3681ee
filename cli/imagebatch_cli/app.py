"""The commands: each parses its options, makes its calls, shows what came of it."""

import contextlib
import os
import signal
import sys
import uuid
from pathlib import Path
from typing import Annotated

import typer

from imagebatch_cli import flows, render
from imagebatch_cli.api import Options
from imagebatch_cli.download import Target
from imagebatch_cli.errors import CliError, ExitStatus, InvalidInputError, ReaderGoneError
from imagebatch_cli.options import (
    AsJson,
    Batch,
    CallbackUrl,
    File,
    Force,
    Globals,
    Into,
    MaxCost,
    Metadata,
    Model,
    Name,
    NoProgress,
    SkipInvalid,
    Token,
    Url,
    Wait,
    connect,
    output_for,
)
from imagebatch_cli.output import Output
from imagebatch_cli.transport import cli_version
from imagebatch_cli.watch import exit_status

PATIENCE_SECONDS = 120.0
TERMINATED = 128 + signal.SIGTERM

app = typer.Typer(
    name="imagebatch",
    help="Makes batches of images: hand over a sheet, watch it, fetch one ZIP.",
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
variants = typer.Typer(help="The catalog of product variants.")
app.add_typer(variants, name="variants")


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"imagebatch {cli_version()}")
        raise typer.Exit


@app.callback()
def imagebatch(
    context: typer.Context,
    url: Url = None,
    token: Token = None,
    patience: Annotated[
        float,
        typer.Option(min=0, help="Try again for so many seconds.", envvar="IMAGEBATCH_PATIENCE"),
    ] = PATIENCE_SECONDS,
    _version: Annotated[
        bool, typer.Option("--version", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    context.obj = Globals(url, token, patience)


@app.command()
def submit(
    context: typer.Context,
    file: File,
    *,
    name: Name = None,
    metadata: Metadata = None,
    model: Model = None,
    max_cost: MaxCost = None,
    callback_url: CallbackUrl = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="The same as `validate`.")] = False,
    skip_invalid: SkipInvalid = False,
    idempotency_key: Annotated[
        str | None, typer.Option(help="The same key never makes a second batch.")
    ] = None,
    wait: Wait = False,
    output: Into = None,
    force: Force = False,
    no_progress: NoProgress = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Submits a CSV of cars as a batch."""
    options = Options(
        name=name or flows.default_name(file),
        metadata=flows.pairs(metadata or []),
        model=model,
        max_cost=max_cost,
        callback_url=callback_url,
        dry_run=dry_run,
        skip_invalid=skip_invalid,
    )
    target = flows.target_for(output, force=force, as_json=as_json)
    out = output_for(target, as_json=as_json, no_progress=no_progress)
    sheet = flows.read_file(file)
    with connect(context, url, token, out) as api:
        if dry_run:
            return flows.show_plan(out, api.submit(sheet, options, ""))
        answer = flows.submit_once(api, sheet, options, idempotency_key)
        flows.warn(out, answer)
        if target or wait:
            out.say(render.accepted(answer))
            return flows.see_through(api, out, answer["jobId"], target)
        out.result(answer, lambda: render.accepted(answer))
        out.say(f"Watch it: imagebatch watch {answer['jobId']}")
    return ExitStatus.GOOD


@app.command()
def validate(
    context: typer.Context,
    file: File,
    *,
    model: Model = None,
    max_cost: MaxCost = None,
    skip_invalid: SkipInvalid = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Checks a CSV and shows prompts, file names and the price; makes nothing."""
    out = Output(as_json=as_json)
    options = Options(model=model, max_cost=max_cost, skip_invalid=skip_invalid, dry_run=True)
    sheet = flows.read_file(file)
    with connect(context, url, token, out) as api:
        return flows.show_plan(out, api.submit(sheet, options, ""))


@app.command()
def status(
    context: typer.Context,
    batch_id: Batch,
    *,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Shows a batch."""
    out = Output(as_json=as_json)
    with connect(context, url, token, out) as api:
        found = api.status(batch_id)
    out.result(found, lambda: render.batch(found))
    return exit_status(found)


@app.command("watch")
def watch_(
    context: typer.Context,
    batch_id: Batch,
    *,
    output: Into = None,
    force: Force = False,
    no_progress: NoProgress = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Shows a batch's progress until its end."""
    target = flows.target_for(output, force=force, as_json=as_json)
    out = output_for(target, as_json=as_json, no_progress=no_progress)
    with connect(context, url, token, out) as api:
        return flows.see_through(api, out, batch_id, target)


@app.command("list")
def list_(
    context: typer.Context,
    limit: Annotated[int | None, typer.Option(min=1, max=100, help="So many at most.")] = None,
    cursor: Annotated[str | None, typer.Option(help="Goes on where a list ended.")] = None,
    status: Annotated[str | None, typer.Option(help="Only batches of this status.")] = None,
    kind: Annotated[str | None, typer.Option(help="cars, prompts or variants.")] = None,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Lists your batches, newest first."""
    out = Output(as_json=as_json)
    with connect(context, url, token, out) as api:
        answer = api.list(limit=limit, cursor=cursor, status=status, kind=kind)
    out.result(answer, lambda: render.listing(answer))
    return ExitStatus.GOOD


@app.command()
def cancel(
    context: typer.Context,
    batch_id: Batch,
    *,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Cancels a batch; what is finished is kept."""
    out = Output(as_json=as_json)
    with connect(context, url, token, out) as api:
        answer = api.cancel(batch_id)
    out.result(answer, lambda: f"Batch {batch_id}: {answer.get('status', 'cancelling')}")
    return ExitStatus.GOOD


@app.command()
def retry(
    context: typer.Context,
    batch_id: Batch,
    *,
    wait: Wait = False,
    output: Into = None,
    force: Force = False,
    no_progress: NoProgress = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Runs what failed again."""
    target = flows.target_for(output, force=force, as_json=as_json)
    out = output_for(target, as_json=as_json, no_progress=no_progress)
    with connect(context, url, token, out) as api:
        answer = api.retry(batch_id, str(uuid.uuid4()))
        if target or wait:
            return flows.see_through(api, out, batch_id, target)
    out.result(answer, lambda: f"Batch {batch_id}: {answer.get('status', 'processing')}")
    return ExitStatus.GOOD


@app.command("download")
def download_(
    context: typer.Context,
    batch_id: Batch,
    *,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE.zip", help="Default: the id, as .zip."),
    ] = None,
    force: Force = False,
    no_progress: NoProgress = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Fetches a finished batch's ZIP."""
    wanted = output or f"{Path(batch_id).name}.zip"
    target = flows.target_for(wanted, force=force, as_json=as_json) or Target(wanted)
    out = output_for(target, as_json=as_json, no_progress=no_progress)
    with connect(context, url, token, out) as api:
        archive = flows.fetch(api, out, batch_id, target)
    answer = {"jobId": batch_id, "output": archive.file, "size": archive.size}
    out.result(answer | {"entries": archive.entries}, lambda: render.saved(archive))
    return ExitStatus.GOOD


@variants.command("import")
def import_variants(
    context: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="A CSV file, or a .json list.")],
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Puts product variants into the catalog."""
    out = Output(as_json=as_json)
    catalog = flows.read_file(file)
    body, content_type = flows.catalog_body(catalog)
    with connect(context, url, token, out) as api:
        answer = api.import_variants(body, content_type)
    out.result(answer, lambda: render.imported(answer))
    return ExitStatus.GOOD


def run(arguments: list[str]) -> int:
    """The exit status of one run; what went wrong has been said."""
    out = Output(as_json="--json" in arguments)
    try:
        return int(app(args=arguments, prog_name="imagebatch", standalone_mode=False) or 0)
    except ReaderGoneError as error:
        # The flush at exit must not fail once more.
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return error.exit_status
    except CliError as error:
        out.complain(error)
        return error.exit_status
    except typer.TyperException as error:
        usage = InvalidInputError(error.format_message(), hint="See imagebatch --help.")
        out.complain(usage)
        return usage.exit_status
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED


def main() -> None:
    # An exception, so that half-written files are removed on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    sys.exit(run(sys.argv[1:]))
