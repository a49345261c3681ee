"""Commands that follow and control batches of every kind."""

import uuid
from pathlib import Path
from typing import Annotated

import typer

from imagebatch_cli import flows, render
from imagebatch_cli.download import Target
from imagebatch_cli.errors import ExitStatus
from imagebatch_cli.ids import resolve
from imagebatch_cli.options import (
    AsJson,
    Batch,
    Fallback,
    Force,
    Into,
    Model,
    NewMaxCost,
    NoProgress,
    Quality,
    Token,
    Url,
    Wait,
    connect,
    output_for,
)
from imagebatch_cli.output import Output
from imagebatch_cli.watch import exit_status


def register(app: typer.Typer) -> None:
    for command in (status, watch, list_, cancel, retry, download):
        app.command(command.__name__.rstrip("_"))(command)


def status(
    context: typer.Context,
    batch_id: Batch,
    *,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Show a batch and its failed items."""
    out = Output(as_json=as_json)
    with connect(context, url, token, out) as api:
        found = api.status(resolve(api, batch_id))
    out.result(found, lambda: render.batch(found))
    return exit_status(found)


def watch(
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
    """Follow a batch until it has ended."""
    target = flows.target_for(output, force=force, as_json=as_json)
    out = output_for(target, as_json=as_json, no_progress=no_progress)
    with connect(context, url, token, out) as api:
        return flows.wait_and_download(api, out, resolve(api, batch_id), target)


def list_(
    context: typer.Context,
    limit: Annotated[
        int | None, typer.Option(min=1, max=100, help="Maximum number of batches to list.")
    ] = None,
    cursor: Annotated[str | None, typer.Option(help="Cursor from a previous page.")] = None,
    status: Annotated[str | None, typer.Option(help="Only batches with this status.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only batches of this kind: cars, prompts or variants.")
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """List your batches, newest first."""
    out = Output(as_json=as_json)
    with connect(context, url, token, out) as api:
        answer = api.list(limit=limit, cursor=cursor, status=status, kind=kind)
    out.result(answer, lambda: render.listing(answer, out.terminal_width))
    return ExitStatus.OK


def cancel(
    context: typer.Context,
    batch_id: Batch,
    *,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Cancel a batch. Finished images are kept."""
    out = Output(as_json=as_json)
    with connect(context, url, token, out) as api:
        whole_id = resolve(api, batch_id)
        answer = api.cancel(whole_id)
    out.result(answer, lambda: f"Batch {whole_id}: {answer.get('status', 'cancelling')}")
    return ExitStatus.OK


def retry(
    context: typer.Context,
    batch_id: Batch,
    *,
    model: Model = None,
    fallback: Fallback = None,
    quality: Quality = None,
    max_cost: NewMaxCost = None,
    wait: Wait = False,
    output: Into = None,
    force: Force = False,
    no_progress: NoProgress = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Run the failed items of a batch again."""
    options = flows.round_options(model, fallback, quality, max_cost)
    target = flows.target_for(output, force=force, as_json=as_json)
    out = output_for(target, as_json=as_json, no_progress=no_progress)
    with connect(context, url, token, out) as api:
        whole_id = resolve(api, batch_id)
        answer = api.retry(whole_id, str(uuid.uuid4()), options)
        if target or wait:
            return flows.wait_and_download(api, out, whole_id, target)
    out.result(answer, lambda: f"Batch {whole_id}: {answer.get('status', 'processing')}")
    return ExitStatus.OK


def download(
    context: typer.Context,
    batch_id: Batch,
    *,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE.zip", help="Default: ID.zip."),
    ] = None,
    force: Force = False,
    no_progress: NoProgress = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Download the ZIP of a finished batch. An outdated ZIP is rebuilt first."""
    wanted = output or f"{Path(batch_id).name}.zip"
    target = flows.target_for(wanted, force=force, as_json=as_json) or Target(wanted)
    out = output_for(target, as_json=as_json, no_progress=no_progress)
    with connect(context, url, token, out) as api:
        whole_id = resolve(api, batch_id)
        flows.refresh_archive(api, out, whole_id)
        archive = flows.fetch(api, out, whole_id, target)
    answer = {"jobId": whole_id, "output": archive.file, "size": archive.size}
    out.result(answer | {"entries": archive.entries}, lambda: render.saved(archive))
    return ExitStatus.OK
