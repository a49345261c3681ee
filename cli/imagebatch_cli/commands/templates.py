"""Commands for templates, which turn a sheet with any columns into a batch."""

import json
from typing import Annotated

import typer

from imagebatch_cli import flows, render_sheets
from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect
from imagebatch_cli.errors import ExitStatus, InvalidInputError
from imagebatch_cli.options import ServiceOptions
from imagebatch_cli.output import Output
from imagebatch_cli.sheet import Document

READ_ONLY = {"name", "builtIn", "updatedAt"}

TemplateName = Annotated[str, typer.Argument(metavar="NAME", help="The template's name.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(help="Templates for sheets with any columns.", no_args_is_help=True)
    add_commands(group, list_, show, put, delete)
    app.add_typer(group, name="templates")


def list_(context: typer.Context, *, service: ServiceOptions) -> ExitStatus:
    """List the built-in templates and your own."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        answer = api.templates()
    out.result(answer, lambda: render_sheets.templates(answer))
    return ExitStatus.OK


def show(
    context: typer.Context,
    name: TemplateName,
    *,
    service: ServiceOptions,
) -> ExitStatus:
    """Show a template. `put` accepts the output of --json."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        answer = api.template(name)
    out.result(answer, lambda: render_sheets.template(answer))
    return ExitStatus.OK


def put(
    context: typer.Context,
    name: TemplateName,
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="The template as JSON, or - for standard input."),
    ] = None,
    *,
    prompt: Annotated[
        str | None, typer.Option(metavar="TEXT", help="The prompt, with {{column}} placeholders.")
    ] = None,
    file_name: Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The pattern of file names, with the same placeholders."),
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model, if the batch names none.")] = None,
    aspect_ratio: Annotated[
        str | None, typer.Option(help="The aspect ratio, if the row has none.")
    ] = None,
    quality: Annotated[str | None, typer.Option(help="standard, hd or ultra.")] = None,
    service: ServiceOptions,
) -> ExitStatus:
    """Store a template. Options take precedence over the file."""
    given = {
        "prompt": prompt,
        "fileName": file_name,
        "model": model,
        "aspectRatio": aspect_ratio,
        "quality": quality,
    }
    body = (_document(file) if file else {}) | {k: v for k, v in given.items() if v is not None}
    if not body:
        raise InvalidInputError("A template needs a prompt", hint="Pass FILE or --prompt.")
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        answer = api.put_template(name, body)
    out.result(answer, lambda: f"Template {answer['name']} is stored.")
    return ExitStatus.OK


def delete(
    context: typer.Context,
    name: TemplateName,
    *,
    service: ServiceOptions,
) -> ExitStatus:
    """Delete a template. Batches that use it keep it."""
    out = Output(as_json=service.as_json)
    with connect(context, service, out) as api:
        api.delete_template(name)
    out.result({"name": name, "deleted": True}, lambda: f"Template {name} is deleted.")
    return ExitStatus.OK


def _document(file: str) -> Document:
    """Return the template in a file, without the fields that only the service sets."""
    try:
        found = json.loads(flows.read_file(file).body)
    except ValueError as error:
        raise InvalidInputError(f"{file} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise InvalidInputError(f"{file} is not a JSON object")
    return {key: value for key, value in found.items() if key not in READ_ONLY}
