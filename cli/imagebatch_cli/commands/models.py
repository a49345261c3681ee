"""The models that batches can run on."""

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from imagebatch_cli.api import Document
from imagebatch_cli.errors import ExitStatus
from imagebatch_cli.options import AsJson, Token, Url, connect
from imagebatch_cli.output import Output, plain, table

UNITS = {"image": "", "megapixel": "/MP"}


def register(app: typer.Typer) -> None:
    app.command("models")(models)


def models(
    context: typer.Context,
    *,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """List the models: state, price, aspect ratios and reference images."""
    out = Output(as_json=as_json)
    with connect(context, url, token, out) as api:
        found = api.models()
    out.result(found, lambda: _render(found))
    return ExitStatus.OK


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
    """Why models cannot be used, and what to use instead."""
    return [
        Text(f"{plain(model['id'])}: {plain(model['reason'])}{_advice(model)}", style="dim")
        for model in found["items"]
        if not model["usable"]
    ]


def _advice(model: Document) -> str:
    return f" Successor: {plain(model['successor'])}." if model["successor"] else ""
