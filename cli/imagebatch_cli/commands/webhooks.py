"""List a batch's webhooks, and replay one."""

from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from imagebatch_cli import render
from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.errors import ExitStatus
from imagebatch_cli.ids import resolve
from imagebatch_cli.options import Batch, ServiceOptions
from imagebatch_cli.output import Output, plain, table
from imagebatch_cli.sheet import Document


def register(app: typer.Typer) -> None:
    add_commands(app, webhooks)


def webhooks(
    context: typer.Context,
    batch_id: Batch,
    *,
    replay: Annotated[
        int | None,
        typer.Option("--replay", metavar="N", min=1, help="Send the webhook number N again."),
    ] = None,
    service: ServiceOptions,
) -> ExitStatus:
    """List a batch's webhooks with their delivery status, or send one again."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        whole_id = resolve(api, batch_id)
        if replay is None:
            listed = api.webhooks(whole_id)
            out.result(listed, lambda: _listing(listed["items"]))
            return ExitStatus.OK
        sent = api.replay_webhook(whole_id, replay)
    out.result(sent, lambda: _listing([sent]))
    return ExitStatus.OK if sent["status"] == "delivered" else ExitStatus.SOME_FAILED


def _listing(webhooks: list[Document]) -> RenderableType:
    if not webhooks:
        return Text("No webhooks.")
    rows = table("n", "type", "status", "attempts", "last attempt", "address", "reason")
    for each in webhooks:
        rows.add_row(
            plain(each["n"]),
            plain(each["type"]),
            plain(each["status"]),
            plain(each["attempts"]),
            render.moment(each.get("lastAttemptAt")),
            Text(plain(each["url"])),
            Text(plain(each.get("reason"))),
        )
    return rows
