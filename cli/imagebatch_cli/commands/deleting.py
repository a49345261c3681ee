"""Commands that delete permanently: they ask for confirmation unless told not to."""

import sys
from typing import Annotated

import typer

from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.errors import ExitStatus, InvalidInputError
from imagebatch_cli.ids import resolve
from imagebatch_cli.options import Batch, ServiceOptions
from imagebatch_cli.output import Output
from imagebatch_cli.sheet import Document

Yes = Annotated[bool, typer.Option("-y", "--yes", help="Do not ask for confirmation.")]


def register(app: typer.Typer) -> None:
    add_commands(app, delete, erase)


def delete(
    context: typer.Context,
    batch_id: Batch,
    *,
    yes: Yes = False,
    service: ServiceOptions,
) -> ExitStatus:
    """Delete a finished batch with all its images."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        whole_id = resolve(api, batch_id)
        confirm(f"Delete batch {whole_id} with all its images? This cannot be undone.", yes=yes)
        api.delete(whole_id)
    out.result({"jobId": whole_id, "deleted": True}, lambda: f"Batch {whole_id}: deleted")
    return ExitStatus.OK


def erase(
    context: typer.Context,
    owner: Annotated[str, typer.Argument(metavar="OWNER", help="The owner's exact key.")],
    *,
    receipt: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Show the receipt of an erasure instead of starting one."),
    ] = None,
    yes: Yes = False,
    service: ServiceOptions,
) -> ExitStatus:
    """Erase all of an owner's data. For operators."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        if receipt:
            found = api.erasure(receipt)
        else:
            confirm(f"Erase all data of {owner!r}? This cannot be undone.", yes=yes)
            found = api.erasure(str(api.erase(owner)["id"]))
    out.result(found, lambda: _receipt(found))
    return ExitStatus.OK


def _receipt(found: Document) -> str:
    removed = found["removed"]
    counts = ", ".join(f"{removed[name]} {name}" for name in ("batches", "uploads", "records"))
    lines = [
        f"Erasure {found['id']} of {found['owner']}: {found['status']}",
        f"Removed so far: {counts}",
        *(f"Kept for accounting: {name}: {amount} USD" for name, amount in found["kept"].items()),
    ]
    return "\n".join(lines)


def confirm(question: str, *, yes: bool) -> None:
    """InvalidInputError if there is no terminal to ask on, or if the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise InvalidInputError("Not confirmed", hint="Pass --yes to skip the confirmation.")
    if not typer.confirm(question, err=True):
        raise InvalidInputError("Nothing was deleted")
