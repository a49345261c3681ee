"""The models on which batches can run."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.errors import ExitStatus
from imagebatch_cli.options import ServiceOptions
from imagebatch_cli.output import Output, plain, table
from imagebatch_cli.sheet import Document

Check = Annotated[
    bool,
    typer.Option(
        "--check",
        help="Look every model up at its provider, and fail if one in use is retired or gone. "
        "For operators.",
    ),
]
STYLES = {"served": "green", "gone": "red", "unclear": "dim"}
PROBLEM = "A model in use is retired or gone: use its successor."
UNITS = {"image": "", "megapixel": "/MP"}


def register(app: typer.Typer) -> None:
    add_commands(app, models)


def models(
    context: typer.Context,
    *,
    check: Check = False,
    service: ServiceOptions,
) -> ExitStatus:
    """List the models: state, price, aspect ratios and reference images."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        found = api.check_models() if check else api.models()
    out.result(found, lambda: _render_check(found) if check else _render(found))
    healthy = not check or found["healthy"]
    return ExitStatus.OK if healthy else ExitStatus.SOME_FAILED


def _render_check(found: Document) -> RenderableType:
    if not found["items"]:
        return Text("No provider is configured: there is nothing to check (development mode).")
    rows = table("model", "state", "at its provider", "in use", ids=1)
    for model in found["items"]:
        rows.add_row(
            Text(plain(model["id"]), style="bold" if model["inUse"] else ""),
            plain(model["state"]),
            Text(plain(model["result"]), style=STYLES.get(model["result"], "")),
            "yes" if model["inUse"] else "",
        )
    return Group(rows, *(Text(each) for each in _findings(found)))


def _findings(found: Document) -> Iterator[str]:
    """Return the findings that need action, and whether one concerns a model in use."""
    for model in found["items"]:
        name, retired = plain(model["id"]), model["state"] == "retired"
        if model["result"] == "unclear" or (model["result"] == "gone" and not retired):
            yield f"{name}: {plain(model['reason'])}{_advice(model)}"
        elif model["result"] == "served" and retired:
            yield f"{name}: retired, but its provider serves it. An overlay can restore it."
        elif model["inUse"] and retired:
            yield f"{name}: retired, but in use.{_advice(model)}"
    yield "No model in use is retired or gone." if found["healthy"] else PROBLEM


def _render(found: Document) -> RenderableType:
    rows = table("model", "state", "USD", "references", "seed", "aspect ratios", ids=1)
    for model in found["items"]:
        rows.add_row(
            Text(plain(model["id"]), style="bold" if model["default"] else ""),
            Text(_state(model), style="" if model["usable"] else "dim"),
            plain(", ".join(_price(each) for each in model["qualities"])),
            plain(model["maxImages"] or ""),
            "yes" if model["supportsSeed"] else "",
            plain(" ".join(model["aspectRatios"])),
        )
    return Group(rows, *_reasons(found))


def _state(model: Document) -> str:
    if model["usable"]:
        return "default" if model["default"] else "usable"
    return "retired" if model["state"] == "retired" else "not usable"


def _price(quality: Document) -> str:
    return f"{quality['name']} {quality['price']}{UNITS.get(quality['unit'], '')}"


def _reasons(found: Document) -> list[Text]:
    """Return why models cannot be used, and their successors."""
    return [
        Text(f"{plain(model['id'])}: {plain(model['reason'])}{_advice(model)}", style="dim")
        for model in found["items"]
        if not model["usable"]
    ]


def _advice(model: Document) -> str:
    return f" Successor: {plain(model['successor'])}." if model["successor"] else ""
