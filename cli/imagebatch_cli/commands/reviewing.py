"""Commands to review a batch: redo, choose, share, sync."""

import uuid
from pathlib import Path
from typing import Annotated

import typer

from imagebatch_cli import flows
from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.errors import ExitStatus, InterruptedWaitError
from imagebatch_cli.ids import resolve
from imagebatch_cli.options import (
    ArchiveOptions,
    Batch,
    NoProgress,
    RoundOptions,
    ServiceOptions,
    Wait,
)
from imagebatch_cli.output import Output, plain
from imagebatch_cli.sheet import Document
from imagebatch_cli.sync import Folder, Sync
from imagebatch_cli.watch import exit_status

FOLLOW_SECONDS = 5.0
Item = Annotated[str, typer.Argument(metavar="ITEM", help="The item's ID, such as row-0007.")]


def register(app: typer.Typer) -> None:
    add_commands(app, redo, choose, share, sync)


def redo(
    context: typer.Context,
    batch_id: Batch,
    items: Annotated[
        list[str], typer.Argument(metavar="ITEM...", help="The items' IDs, such as row-0007.")
    ],
    *,
    note: Annotated[
        str | None,
        typer.Option("--note", metavar="TEXT", help="What to change; appended to the prompt."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, max=2**32 - 1, help="A seed for these items.")
    ] = None,
    options: RoundOptions,
    wait: Wait = False,
    archive: ArchiveOptions,
    service: ServiceOptions,
) -> ExitStatus:
    """Regenerate items of a finished batch, whatever their status."""
    target, out = flows.prepare_output(archive, service)
    body: Document = {"items": items, **flows.round_fields(options)}
    body |= {} if note is None else {"note": note}
    body |= {} if seed is None else {"seed": seed}
    with connect(context, service, out) as api:
        whole_id = resolve(api, batch_id)
        answer = api.open_round(whole_id, "redo", body, str(uuid.uuid4()))
        if target or wait:
            return flows.wait_and_download(api, out, whole_id, target)
    out.result(answer, lambda: f"Batch {whole_id}: round {answer.get('round')}, {len(items)} items")
    return ExitStatus.OK


def choose(
    context: typer.Context,
    batch_id: Batch,
    item: Item,
    version: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version's number.")],
    *,
    service: ServiceOptions,
) -> ExitStatus:
    """Choose the version of an item that goes into the ZIP."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        answer = api.choose(resolve(api, batch_id), item, version)
    count = answer.get("versionCount")
    out.result(answer, lambda: f"{plain(item)}: version {version} of {count} is chosen")
    out.print_message("`imagebatch download` rebuilds the ZIP with it.")
    return ExitStatus.OK


def share(
    context: typer.Context,
    batch_id: Batch,
    *,
    hours: Annotated[
        int, typer.Option("--hours", min=1, max=720, help="How many hours the link is valid.")
    ] = 72,
    show: Annotated[
        bool, typer.Option("--list", help="List the valid links instead of creating one.")
    ] = False,
    revoke: Annotated[
        str | None, typer.Option("--revoke", metavar="LINK", help="Revoke a link by its ID.")
    ] = None,
    service: ServiceOptions,
) -> ExitStatus:
    """Create a link that shows a batch read-only to anyone who has it."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        whole_id = resolve(api, batch_id)
        if revoke is not None:
            api.revoke_share(whole_id, revoke)
            out.result({"id": revoke, "revoked": True}, lambda: f"Link {plain(revoke)}: revoked")
        elif show:
            listed = api.shares(whole_id)
            out.result(listed, lambda: "\n".join(map(_link, listed["items"])) or "No links.")
        else:
            made = api.share(whole_id, hours, str(uuid.uuid4()))
            out.result(made, lambda: _link(made))
    return ExitStatus.OK


def sync(
    context: typer.Context,
    batch_id: Batch,
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder for the images.")],
    *,
    follow: Annotated[
        bool,
        typer.Option(
            "--follow", help="Keep syncing after the batch has ended: later rounds and choices."
        ),
    ] = False,
    no_progress: NoProgress = False,
    service: ServiceOptions,
) -> ExitStatus:
    """Download each image of a batch as soon as it is generated; repeated, only changes."""
    out = Output(as_json=service.as_json, show_progress=not no_progress)
    with connect(context, service, out) as api:
        whole_id = resolve(api, batch_id)
        said = out.print_message if out.show_progress else lambda _: None
        synced = Sync(api, whole_id, Folder(folder, whole_id), said)
        try:
            rounds = synced.follow(FOLLOW_SECONDS) if follow else iter([synced.run()])
            for status in rounds:
                _report(out, synced, status, folder)
        except KeyboardInterrupt:
            follow_option = " --follow" if follow else ""
            hint = f"Resume with: imagebatch sync {whole_id} {folder}{follow_option}"
            raise InterruptedWaitError(
                "Stopped; all downloaded images are complete.", hint=hint
            ) from None
    return exit_status(status)


def _report(out: Output, synced: Sync, status: Document, folder: Path) -> None:
    fetched, kept = len(synced.done.fetched), len(synced.done.kept)
    answer = {"jobId": status["jobId"], "fetched": fetched, "kept": kept}
    text = f"{folder}: {fetched + kept:,} images, {fetched:,} downloaded, {kept:,} already there"
    out.result(answer, lambda: text)


def _link(share: Document) -> str:
    return plain(f"{share['url']}  (id {share['id']}, until {share['expiresAt']})")
