"""Check the stack, for operators."""

import time
from datetime import datetime
from typing import Any

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from imagebatch_cli.api import Api
from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.errors import ExitStatus
from imagebatch_cli.options import ServiceOptions
from imagebatch_cli.output import Output, plain, table
from imagebatch_cli.sheet import Document

MAX_CLOCK_OFFSET_SECONDS = 60.0
STYLES = {"ok": "green", "warning": "yellow", "problem": "red", "unknown": "dim"}


def register(app: typer.Typer) -> None:
    add_commands(app, doctor)


def doctor(
    context: typer.Context,
    *,
    service: ServiceOptions,
) -> ExitStatus:
    """Check the stack and show a fix for each problem. For operators."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        found = _examine(api)
    out.result(found, lambda: _render(found))
    return ExitStatus.OK if found["healthy"] else ExitStatus.SOME_FAILED


def _examine(api: Api) -> Document:
    """Return the service's findings and the difference between its clock and this computer's."""
    asked_at = time.time()
    found = api.doctor()
    answered_at = time.time()
    clock = _clock(str(found.get("time")), asked_at, answered_at)
    checks = [*found["checks"], clock]
    return {**found, "checks": checks, "healthy": found["healthy"] and clock["health"] == "ok"}


def _clock(reported: str, asked_at: float, answered_at: float) -> dict[str, Any]:
    """The service read its clock between the request and the response."""
    service = datetime.fromisoformat(reported).timestamp()
    offset = max(asked_at - service, service - answered_at, 0.0)
    if offset <= MAX_CLOCK_OFFSET_SECONDS:
        return {"check": "clocks", "health": "ok", "message": "They match.", "advice": ""}
    message = f"This computer's clock and the service's differ by {round(offset)} s."
    advice = "Set this computer's clock: tokens and presigned URLs depend on it."
    return {"check": "clocks", "health": "problem", "message": message, "advice": advice}


def _render(found: Document) -> RenderableType:
    rows = table("check", "health", "finding", ids=2)
    for check in found["checks"]:
        health = plain(check["health"])
        finding = Text(plain(check["message"]))
        if check["advice"]:
            finding.append(f"\n→ {plain(check['advice'])}", style="bold")
        rows.add_row(plain(check["check"]), Text(health, style=STYLES.get(health, "")), finding)
    problems = sum(check["health"] == "problem" for check in found["checks"])
    count = "1 problem" if problems == 1 else f"{problems} problems"
    return Group(rows, Text(""), Text(f"{count} found." if problems else "No problem found."))
