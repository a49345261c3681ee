"""Commands for sheets: submit one, or validate and correct it."""

from dataclasses import dataclass, replace
from typing import Annotated

import typer

from imagebatch_cli import flows, render_sheets
from imagebatch_cli.api import Api
from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.corrections import fix as fix_sheet
from imagebatch_cli.download import Target
from imagebatch_cli.errors import ExitStatus, InvalidInputError
from imagebatch_cli.options import (
    ArchiveOptions,
    BatchOptions,
    CheckOptions,
    File,
    Force,
    IdempotencyKey,
    MaxCost,
    ModelOptions,
    Name,
    Rows,
    ServiceOptions,
    SheetOptions,
    Wait,
)
from imagebatch_cli.output import Output
from imagebatch_cli.sheet import Document, Options, Sheet


@dataclass(frozen=True, kw_only=True)
class PriceOptions(ModelOptions):
    """The options that determine a sheet's price."""

    max_cost: MaxCost = None


@dataclass(frozen=True, kw_only=True)
class FixOptions:
    fix: Annotated[
        bool, typer.Option("--fix", help="Apply every suggestion and write the corrected sheet.")
    ] = False
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE.csv", help="The corrected sheet, for --fix."),
    ] = None
    force: Force = False


def register(app: typer.Typer) -> None:
    add_commands(app, submit, validate)


def submit(
    context: typer.Context,
    file: File,
    *,
    reading: SheetOptions,
    name: Name = None,
    batch: BatchOptions,
    checks: CheckOptions,
    idempotency_key: IdempotencyKey = None,
    wait: Wait = False,
    archive: ArchiveOptions,
    service: ServiceOptions,
) -> ExitStatus:
    """Submit a sheet: one image per row, of a car unless you pass a template."""
    options = flows.batch_options(name or flows.default_name(file), batch)
    options = _with_sheet(options, reading, checks)
    target, out = flows.prepare_output(archive, service)
    body = flows.read_file(file)
    with connect(context, service, out) as api:
        if batch.dry_run:
            plan = _preview(api, out, body, options, rows=batch.rows)
            return flows.show_plan(out, plan, rows=batch.rows)
        answer = flows.submit_once(lambda key: api.submit(body, options, key), idempotency_key)
        return flows.follow(api, out, answer, target, wait=wait)


def validate(
    context: typer.Context,
    file: File,
    *,
    reading: SheetOptions,
    price: PriceOptions,
    checks: CheckOptions,
    rows: Rows = False,
    fixing: FixOptions,
    service: ServiceOptions,
) -> ExitStatus:
    """Check a sheet and show its price. Generates nothing."""
    options = _with_sheet(_priced(price), reading, checks)
    if fixing.fix != (fixing.output is not None):
        raise InvalidInputError("Use --fix together with -o FILE.csv")
    archive = ArchiveOptions(output=fixing.output, force=fixing.force, no_progress=True)
    target, out = flows.prepare_output(archive, service)
    body = flows.read_file(file)
    with connect(context, service, out) as api:
        if target is None:
            return flows.show_plan(out, _preview(api, out, body, options, rows=rows), rows=rows)
        return flows.show_plan(out, _fix(api, out, body, options, target), rows=rows)


def _priced(price: PriceOptions) -> Options:
    return Options(
        model=price.model,
        fallback=price.fallback or [],
        quality=price.quality,
        max_cost=price.max_cost,
        dry_run=True,
    )


def _with_sheet(options: Options, reading: SheetOptions, checks: CheckOptions) -> Options:
    return replace(
        options,
        template=reading.template,
        prompt=reading.prompt,
        sheet=reading.sheet,
        encoding=reading.encoding,
        skip_invalid=checks.skip_invalid,
        ignore_unknown=checks.ignore_unknown,
    )


def _preview(api: Api, out: Output, sheet: Sheet, options: Options, *, rows: bool) -> Document:
    return api.preview(sheet, options, whole=rows or out.as_json)


def _fix(api: Api, out: Output, body: Sheet, options: Options, target: Target) -> Document:
    """Write the corrected sheet; return its plan. Its remaining problems are raised."""
    fixed = fix_sheet(lambda sheet, each: api.preview(sheet, each, whole=True), body, options)
    with target.open() as written:
        written.write(fixed.sheet.body)
    out.err.print(render_sheets.corrections(fixed.corrections, target.name))
    if fixed.problem:
        raise fixed.problem
    return (fixed.plan or {}) | {"output": target.name, "corrections": fixed.documents()}
