"""Commands for product variants: the catalog, and batches of its variants."""

import json
from typing import Annotated, Any

import typer

from imagebatch_cli import flows, render
from imagebatch_cli.api import Api
from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.errors import ExitStatus, InvalidInputError
from imagebatch_cli.options import (
    ArchiveOptions,
    BatchOptions,
    Encoding,
    IdempotencyKey,
    IgnoreUnknown,
    ServiceOptions,
    Wait,
    WorkbookSheet,
)
from imagebatch_cli.output import Output
from imagebatch_cli.sheet import Options

Variants = Annotated[
    list[str],
    typer.Argument(
        metavar="VARIANT",
        help="Catalog IDs, to use the catalog's image; or ID=URL, repeatable for more images.",
    ),
]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Import and submit product variants.", no_args_is_help=True)
    add_commands(group, import_, submit)
    app.add_typer(group, name="variants")


def import_(
    context: typer.Context,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A CSV file, a workbook, or a .json list.")
    ],
    *,
    sheet: WorkbookSheet = None,
    encoding: Encoding = None,
    ignore_unknown: IgnoreUnknown = False,
    service: ServiceOptions,
) -> ExitStatus:
    """Import product variants into the catalog."""
    out = Output(as_json=service.as_json)
    body, content_type = flows.catalog_body(flows.read_file(file))
    reading = Options(sheet=sheet, encoding=encoding, ignore_unknown=ignore_unknown).fields()
    with connect(context, service, out) as api:
        answer = api.import_variants(body, content_type, reading)
    out.result(answer, lambda: render.imported(answer))
    return ExitStatus.OK


def submit(
    context: typer.Context,
    variants: Variants,
    *,
    schema: Annotated[str, typer.Option(help="The settings' schema.")] = "product-shot",
    variations: Annotated[int, typer.Option(min=1, max=8, help="Images per variant.")] = 1,
    settings: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="KEY=VALUE",
            help="A setting of the schema, such as purpose=catalog. Repeatable.",
        ),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The batch's name.")] = None,
    batch: BatchOptions,
    idempotency_key: IdempotencyKey = None,
    wait: Wait = False,
    archive: ArchiveOptions,
    service: ServiceOptions,
) -> ExitStatus:
    """Submit product variants: images of each, generated from its product images."""
    body = flows.batch_options(name, batch).fields()
    body["settings"] = {
        "schemaKey": schema,
        "numberOfVariations": variations,
        "input": {key: _value(text) for key, text in flows.pairs("--set", settings).items()},
    }
    images = _images(variants)
    target, out = flows.prepare_output(archive, service)
    with connect(context, service, out) as api:
        body["variants"] = _selection(api, images)
        if batch.dry_run:
            return flows.show_plan(out, api.submit_variants(body, ""), rows=batch.rows)
        answer = flows.submit_once(lambda key: api.submit_variants(body, key), idempotency_key)
        return flows.follow(api, out, answer, target, wait=wait)


def _images(variants: list[str]) -> dict[int, list[str]]:
    """Return the given image URLs of each variant; none if the catalog has one."""
    found: dict[int, list[str]] = {}
    for given in variants:
        id_, _, url = given.partition("=")
        if not id_.isdecimal():
            raise InvalidInputError(f"{given!r} is not a variant", hint="Use ID or ID=URL.")
        found.setdefault(int(id_), []).extend([url] if url else [])
    return found


def _selection(api: Api, images: dict[int, list[str]]) -> list[dict[str, Any]]:
    without = [id_ for id_, urls in images.items() if not urls]
    catalog = api.variant_images(without) if without else {}
    for id_ in without:
        if not catalog.get(id_):
            raise InvalidInputError(
                f"Variant {id_} has no image in the catalog", hint=f"Pass one: {id_}=https://..."
            )
    return [
        {"variantId": id_, "productImageUrls": urls or [catalog[id_]]}
        for id_, urls in images.items()
    ]


def _value(text: str) -> Any:
    """Numbers, lists and null are JSON; everything else is text, with or without quotes."""
    try:
        return json.loads(text)
    except ValueError:
        return text
