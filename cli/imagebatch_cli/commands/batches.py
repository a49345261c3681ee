"""Commands that follow and control batches of every kind."""

import uuid
from pathlib import Path
from typing import Annotated

import typer

from imagebatch_cli import flows, render
from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.download import Target
from imagebatch_cli.errors import ExitStatus
from imagebatch_cli.ids import resolve
from imagebatch_cli.options import (
    ArchiveOptions,
    Batch,
    Force,
    NoProgress,
    RoundOptions,
    ServiceOptions,
    Wait,
)
from imagebatch_cli.output import Output
from imagebatch_cli.watch import exit_status


def register(app: typer.Typer) -> None:
    add_commands(app, status, watch, list_, cancel, retry, download)


def status(
    context: typer.Context,
    batch_id: Batch,
    *,
    service: ServiceOptions,
) -> ExitStatus:
    """Show a batch and its failed items."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        found = api.status(resolve(api, batch_id))
    out.result(found, lambda: render.batch(found))
    return exit_status(found)


def watch(
    context: typer.Context,
    batch_id: Batch,
    *,
    archive: ArchiveOptions,
    service: ServiceOptions,
) -> ExitStatus:
    """Follow a batch until it has ended."""
    target, out = flows.prepare_output(archive, service)
    with connect(context, service, out) as api:
        return flows.wait_and_download(api, out, resolve(api, batch_id), target)


def list_(
    context: typer.Context,
    *,
    limit: Annotated[
        int | None, typer.Option(min=1, max=100, help="Maximum number of batches to list.")
    ] = None,
    cursor: Annotated[str | None, typer.Option(help="Cursor from a previous page.")] = None,
    status: Annotated[str | None, typer.Option(help="Only batches with this status.")] = None,
    kind: Annotated[
        str | None, typer.Option(help="Only batches of this kind: cars, prompts or variants.")
    ] = None,
    service: ServiceOptions,
) -> ExitStatus:
    """List your batches, newest first."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        answer = api.list(limit=limit, cursor=cursor, status=status, kind=kind)
    out.result(answer, lambda: render.listing(answer, out.terminal_width))
    return ExitStatus.OK


def cancel(
    context: typer.Context,
    batch_id: Batch,
    *,
    service: ServiceOptions,
) -> ExitStatus:
    """Cancel a batch. Finished images are kept."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        whole_id = resolve(api, batch_id)
        answer = api.cancel(whole_id)
    out.result(answer, lambda: f"Batch {whole_id}: {answer.get('status', 'cancelling')}")
    return ExitStatus.OK


def retry(
    context: typer.Context,
    batch_id: Batch,
    *,
    options: RoundOptions,
    wait: Wait = False,
    archive: ArchiveOptions,
    service: ServiceOptions,
) -> ExitStatus:
    """Run the failed items of a batch again."""
    target, out = flows.prepare_output(archive, service)
    with connect(context, service, out) as api:
        whole_id = resolve(api, batch_id)
        answer = api.retry(whole_id, str(uuid.uuid4()), flows.round_fields(options))
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
    service: ServiceOptions,
) -> ExitStatus:
    """Download the ZIP of a finished batch. An outdated ZIP is rebuilt first."""
    wanted = output or f"{Path(batch_id).name}.zip"
    archive = ArchiveOptions(output=wanted, force=force, no_progress=no_progress)
    target, out = flows.prepare_output(archive, service)
    with connect(context, service, out) as api:
        whole_id = resolve(api, batch_id)
        flows.refresh_archive(api, out, whole_id)
        saved = flows.fetch(api, out, whole_id, target or Target(wanted))
    answer = {"jobId": whole_id, "output": saved.file, "size": saved.size}
    out.result(answer | {"entries": saved.entries}, lambda: render.saved(saved))
    return ExitStatus.OK
