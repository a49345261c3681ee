"""Commands for sheets: submit one, or validate and correct it."""

from typing import Annotated

import typer

from imagebatch_cli import flows, render_sheets
from imagebatch_cli.api import Api
from imagebatch_cli.corrections import fix as fix_sheet
from imagebatch_cli.errors import ExitStatus, InvalidInputError
from imagebatch_cli.options import (
    AsJson,
    CallbackUrl,
    DryRun,
    Encoding,
    Fallback,
    File,
    Force,
    IdempotencyKey,
    IgnoreUnknown,
    Into,
    MaxCost,
    Metadata,
    Model,
    Name,
    NoProgress,
    Prompt,
    Quality,
    Quote,
    Rehearse,
    Rows,
    SkipInvalid,
    Template,
    Token,
    Url,
    Wait,
    WorkbookSheet,
    connect,
    output_for,
)
from imagebatch_cli.output import Output
from imagebatch_cli.sheet import Document, Options, Sheet


def register(app: typer.Typer) -> None:
    app.command("submit")(submit)
    app.command("validate")(validate)


def submit(
    context: typer.Context,
    file: File,
    *,
    template: Template = None,
    prompt: Prompt = None,
    sheet: WorkbookSheet = None,
    encoding: Encoding = None,
    name: Name = None,
    metadata: Metadata = None,
    model: Model = None,
    fallback: Fallback = None,
    quality: Quality = None,
    quote: Quote = None,
    max_cost: MaxCost = None,
    callback_url: CallbackUrl = None,
    rehearse: Rehearse = None,
    dry_run: DryRun = False,
    rows: Rows = False,
    skip_invalid: SkipInvalid = False,
    ignore_unknown: IgnoreUnknown = False,
    idempotency_key: IdempotencyKey = None,
    wait: Wait = False,
    output: Into = None,
    force: Force = False,
    no_progress: NoProgress = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Submit a sheet: one image per row, of a car unless you pass a template."""
    options = Options(
        name=name or flows.default_name(file),
        metadata=flows.pairs("--metadata", metadata),
        model=model,
        fallback=fallback or [],
        quality=quality,
        quote=quote,
        max_cost=max_cost,
        callback_url=callback_url,
        rehearse=flows.fates(rehearse),
        template=template,
        prompt=prompt,
        sheet=sheet,
        encoding=encoding,
        dry_run=dry_run,
        skip_invalid=skip_invalid,
        ignore_unknown=ignore_unknown,
    )
    target = flows.target_for(output, force=force, as_json=as_json)
    out = output_for(target, as_json=as_json, no_progress=no_progress)
    body = flows.read_file(file)
    with connect(context, url, token, out) as api:
        if dry_run:
            return flows.show_plan(out, _preview(api, out, body, options, rows=rows), rows=rows)
        answer = flows.submit_once(lambda key: api.submit(body, options, key), idempotency_key)
        return flows.follow(api, out, answer, target, wait=wait)


def validate(
    context: typer.Context,
    file: File,
    *,
    template: Template = None,
    prompt: Prompt = None,
    sheet: WorkbookSheet = None,
    encoding: Encoding = None,
    model: Model = None,
    fallback: Fallback = None,
    quality: Quality = None,
    max_cost: MaxCost = None,
    skip_invalid: SkipInvalid = False,
    ignore_unknown: IgnoreUnknown = False,
    rows: Rows = False,
    fix: Annotated[
        bool, typer.Option("--fix", help="Apply every suggestion and write the corrected sheet.")
    ] = False,
    output: Annotated[
        str | None,
        typer.Option("-o", "--output", metavar="FILE.csv", help="The corrected sheet, for --fix."),
    ] = None,
    force: Force = False,
    as_json: AsJson = False,
    url: Url = None,
    token: Token = None,
) -> ExitStatus:
    """Check a sheet and show its price. Generates nothing."""
    options = Options(
        model=model,
        fallback=fallback or [],
        quality=quality,
        max_cost=max_cost,
        template=template,
        prompt=prompt,
        sheet=sheet,
        encoding=encoding,
        dry_run=True,
        skip_invalid=skip_invalid,
        ignore_unknown=ignore_unknown,
    )
    if fix != (output is not None):
        raise InvalidInputError("Use --fix together with -o FILE.csv")
    target = flows.target_for(output, force=force, as_json=as_json)
    out = output_for(target, as_json=as_json, no_progress=True)
    body = flows.read_file(file)
    with connect(context, url, token, out) as api:
        if target is None:
            return flows.show_plan(out, _preview(api, out, body, options, rows=rows), rows=rows)
        fixed = fix_sheet(lambda sheet, each: api.preview(sheet, each, whole=True), body, options)
    with target.open() as written:
        written.write(fixed.sheet.body)
    out.err.print(render_sheets.corrections(fixed.corrections, target.name))
    if fixed.problem:
        raise fixed.problem
    plan = (fixed.plan or {}) | {"output": target.name, "corrections": fixed.documents()}
    return flows.show_plan(out, plan, rows=rows)


def _preview(api: Api, out: Output, sheet: Sheet, options: Options, *, rows: bool) -> Document:
    return api.preview(sheet, options, whole=rows or out.as_json)
