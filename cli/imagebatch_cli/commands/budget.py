"""The rest of this month's budget."""

from decimal import Decimal
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.text import Text

from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.errors import ExitStatus, InvalidInputError
from imagebatch_cli.options import ServiceOptions
from imagebatch_cli.output import Output, plain
from imagebatch_cli.sheet import Document

Owner = Annotated[
    str | None,
    typer.Option("--owner", metavar="OWNER", help="Another owner's budget. For operators."),
]
Stack = Annotated[
    bool, typer.Option("--stack", help="The budget of the whole stack. For operators.")
]
NEARLY_SPENT = Decimal("0.8")


def register(app: typer.Typer) -> None:
    add_commands(app, budget)


def budget(
    context: typer.Context,
    *,
    owner: Owner = None,
    stack: Stack = False,
    service: ServiceOptions,
) -> ExitStatus:
    """Show the spent, reserved and remaining amounts of this month's budget."""
    if owner and stack:
        raise InvalidInputError("Use --owner or --stack, not both.")
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        found = api.budget(owner=owner, scope="stack" if stack else None)
    out.result(found, lambda: _render(found))
    return ExitStatus.OK


def _render(found: Document) -> RenderableType:
    """`2026-11: 12.40 USD spent, 3.60 USD reserved; 34.00 of 50 USD left`."""
    month, spent, reserved, limit, left = (
        plain(found[name]) for name in ("month", "spent", "reserved", "limit", "left")
    )
    text = Text(f"{month}: {spent} USD spent, {reserved} USD reserved; ")
    if found["limit"] is None:
        return text.append("no budget is set.")
    used = Decimal(spent) + Decimal(reserved)
    style = "bold red" if used >= NEARLY_SPENT * Decimal(limit) else "bold"
    return text.append(f"{left} of {limit} USD left.", style=style)
