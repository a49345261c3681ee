"""Check a downloaded ZIP against its own record, and against the service."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import connect, is_signed_in
from imagebatch_cli.errors import CliError, ExitStatus
from imagebatch_cli.options import ServiceOptions
from imagebatch_cli.output import Output, plain
from imagebatch_cli.verification import Finding, Verification, differences_to_service, verify

MAX_FINDINGS_SHOWN = 50
SERVICE_RETRY_SECONDS = 5.0

Archive = Annotated[Path, typer.Argument(metavar="FILE.zip", help="The ZIP of a batch.")]
Offline = Annotated[
    bool, typer.Option("--offline", help="Do not compare with the service, even if signed in.")
]


def register(app: typer.Typer) -> None:
    add_commands(app, verify_)


def verify_(
    context: typer.Context,
    archive: Archive,
    *,
    offline: Offline = False,
    service: ServiceOptions,
) -> ExitStatus:
    """Check that every image of a ZIP matches its provenance.json.

    The exit status is 1 if anything differs. If you are signed in, the images are also compared
    with the service's records.
    """
    out = Output(as_json=service.as_json)
    found = verify(archive)
    said, remote = "", list[Finding]()
    if found.batch_id and not offline and is_signed_in(context, service):
        said, remote = _service(context, found, out, service)
    found.findings.extend(remote)
    document = found.document() | {"service": said or None}
    out.result(document, lambda: _shown(archive.name, found, said))
    return ExitStatus.SOME_FAILED if found.findings else ExitStatus.OK


def _service(
    context: typer.Context, found: Verification, out: Output, service: ServiceOptions
) -> tuple[str, list[Finding]]:
    """Return the result of the comparison, and the differences."""
    context.obj.retry_seconds = min(context.obj.retry_seconds, SERVICE_RETRY_SECONDS)
    try:
        with connect(context, service, out) as api:
            differing = list(differences_to_service(found.entries, api.items(found.batch_id)))
    except CliError as error:
        return f"Not compared with the service: {error.message}.", []
    if differing:
        return "It differs from the service's records.", differing
    return "It matches the service's records.", []


def _shown(name: str, found: Verification, service: str) -> RenderableType:
    shown = [f"{plain(each.file)}: {each.message}" for each in found.findings[:MAX_FINDINGS_SHOWN]]
    if len(found.findings) > MAX_FINDINGS_SHOWN:
        shown.append(f"and {len(found.findings) - MAX_FINDINGS_SHOWN} more")
    lines = [Text(summary(found)), *(Text(line, style="yellow") for line in shown)]
    if not any(finding.kind != "service" for finding in found.findings):
        lines.append(Text(f"{plain(name)} matches its own record."))
    return Group(*lines, *([Text(service)] if service else []))


def summary(found: Verification) -> str:
    """`50 images: 47 with the provider's C2PA, 3 marked by us, 0 unmarked, 0 altered`."""
    count = len(found.entries)
    parts = [
        f"{found.marks['c2pa']} with the provider's C2PA",
        f"{found.marks['ours']} marked by us",
    ]
    if found.marks["theirs"]:
        parts.append(f"{found.marks['theirs']} marked by the provider")
    parts += [f"{found.marks['none']} unmarked", f"{found.altered} altered"]
    missing = sum(finding.kind == "missing" for finding in found.findings)
    if missing:
        parts.append(f"{missing} missing")
    if found.unverifiable:
        parts.append(f"{found.unverifiable} without a recorded checksum")
    return f"{count} {'image' if count == 1 else 'images'}: {', '.join(parts)}"
