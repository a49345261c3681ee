"""Steps that several commands share: read the sheet, submit once, wait, download."""

import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import httpx

from imagebatch_cli import render, render_sheets
from imagebatch_cli.api import Api
from imagebatch_cli.display import display, transfer
from imagebatch_cli.download import Archive, Target, download
from imagebatch_cli.errors import (
    CliError,
    ExitStatus,
    InterruptedWaitError,
    InvalidInputError,
    ProblemError,
    SignInError,
    UnreachableError,
)
from imagebatch_cli.ids import SHORT_ID_LENGTH
from imagebatch_cli.options import ArchiveOptions, BatchOptions, RoundOptions, ServiceOptions
from imagebatch_cli.output import Output
from imagebatch_cli.sheet import Document, Options, Sheet
from imagebatch_cli.watch import exit_status, watch

STDIN = "-"
NAME_LENGTH = 100
REBUILD_SECONDS, REBUILD_POLL_SECONDS = 900.0, 1.0


def read_file(name: str) -> Sheet:
    if name == STDIN:
        return Sheet("stdin.csv", sys.stdin.buffer.read())
    path = Path(name)
    try:
        return Sheet(path.name, path.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"{name} cannot be read: {error.strerror}") from error


def catalog_body(catalog: Sheet) -> tuple[bytes, str]:
    """Return the body and its content type. The service reads sheets; as text it would have to be
    UTF-8.
    """
    if catalog.name.lower().endswith(".json"):
        return catalog.body, "application/json"
    return catalog.body, "application/octet-stream"


def batch_options(name: str | None, given: BatchOptions) -> Options:
    return Options(
        name=name,
        metadata=pairs("--metadata", given.metadata),
        model=given.model,
        fallback=given.fallback or [],
        quality=given.quality,
        quote=given.quote,
        max_cost=given.max_cost,
        callback_url=given.callback_url,
        rehearse=fates(given.rehearse),
        dry_run=given.dry_run,
    )


def default_name(file: str) -> str | None:
    """Return a batch's default name, its sheet's."""
    return None if file == STDIN else Path(file).stem[:NAME_LENGTH] or None


def pairs(option: str, given: list[str] | None) -> dict[str, str]:
    """Parse `key=value` options. InvalidInputError for anything else, or a repeated key."""
    found: dict[str, str] = {}
    for pair in given or ():
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise InvalidInputError(f"{option} needs KEY=VALUE, not {pair!r}")
        if key in found:
            raise InvalidInputError(f"{option} has {key!r} twice")
        found[key] = value
    return found


def fates(given: str | None) -> dict[str, str]:
    """Parse `7:refused,9:throttled:20` by row; the service validates rows and outcomes."""
    found: dict[str, str] = {}
    for part in given.split(",") if given else ():
        row, colon, fate = part.strip().partition(":")
        if not colon or not row or not fate:
            raise InvalidInputError(f"--rehearse needs ROW:OUTCOME, not {part.strip()!r}")
        if row in found:
            raise InvalidInputError(f"--rehearse has {row!r} twice")
        found[row] = fate
    return found


def target_for(name: str | None, *, force: bool, as_json: bool) -> Target | None:
    """Return the archive's target, checked before any request to the service."""
    if name is None:
        return None
    target = Target(name)
    if target.is_stdout and as_json:
        raise InvalidInputError("-o - and --json both write to standard output; use only one.")
    target.check(force=force)
    return target


def prepare_output(
    archive: ArchiveOptions, service: ServiceOptions
) -> tuple[Target | None, Output]:
    """Return the archive's target, if one is wanted, and the output beside it."""
    target = target_for(archive.output, force=archive.force, as_json=service.as_json)
    taken = target is not None and target.is_stdout
    shows = not archive.no_progress
    return target, Output(as_json=service.as_json, stdout_taken=taken, show_progress=shows)


def submit_once(send: Callable[[str], Document], key: str | None) -> Document:
    """Submit under a key, so that retries, automatic or by the user, are safe."""
    key = key or str(uuid.uuid4())
    hint = (
        "The batch may have been accepted. To get its ID, run the same command again with "
        f"--idempotency-key {key}: this does not create a second batch."
    )
    try:
        return send(key)
    except UnreachableError as error:
        if error.answer_lost:
            error.hint = hint
        raise
    except KeyboardInterrupt:
        raise InterruptedWaitError("Stopped before the response arrived.", hint=hint) from None


def warn(out: Output, answer: Document) -> None:
    for line in render.notices(answer):
        out.print_message(line)


def follow(
    api: Api, out: Output, answer: Document, target: Target | None, *, wait: bool
) -> ExitStatus:
    """Handle an accepted batch: wait for it if requested."""
    warn(out, answer)
    if target or wait:
        out.print_message(render.accepted(answer))
        return wait_and_download(api, out, answer["jobId"], target)
    out.result(answer, lambda: render.accepted(answer))
    out.print_message(f"Watch it: imagebatch watch {answer['jobId'][:SHORT_ID_LENGTH]}")
    return ExitStatus.OK


def show_plan(out: Output, answer: Document, *, rows: bool) -> ExitStatus:
    warn(out, answer)
    out.result(answer, lambda: render_sheets.plan(answer, rows=rows))
    return ExitStatus.OK


def wait_and_download(api: Api, out: Output, batch_id: str, target: Target | None) -> ExitStatus:
    """Wait for the end, download the archive if requested, and report the result."""
    try:
        with display(out) as live:
            final = watch(api, batch_id, live.show)
        archive = _archive_of(final, api, out, batch_id, target)
    except KeyboardInterrupt:
        hint = f"Watch it: imagebatch watch {batch_id}\nCancel it: imagebatch cancel {batch_id}"
        stopped = InterruptedWaitError("Stopped waiting; the batch continues.", hint=hint)
        stopped.batch_id = batch_id
        raise stopped from None
    except CliError as error:
        error.batch_id = batch_id
        error.hint = _how_to_go_on(error, batch_id)
        raise
    answer = final | ({"output": archive.file} if archive else {})
    out.result(answer, lambda: render.ended(final, archive))
    return exit_status(final)


def _how_to_go_on(error: CliError, batch_id: str) -> str:
    again = f"The batch continues. Watch it: imagebatch watch {batch_id}"
    if isinstance(error, ProblemError) and error.code == httpx.codes.UNAUTHORIZED:
        return f"The token has expired or was revoked. {error.hint}\n{again}"
    if isinstance(error, SignInError):
        return f"{error.hint}\n{again}"
    return again if isinstance(error, UnreachableError) else error.hint


def _archive_of(
    final: Document, api: Api, out: Output, batch_id: str, target: Target | None
) -> Archive | None:
    if not target:
        return None
    if final["status"] == "failed" and not final.get("zipUrl"):
        out.print_message(f"There is no ZIP. Rebuild it with: imagebatch retry {batch_id}")
        return None
    return fetch(api, out, batch_id, target)


def refresh_archive(api: Api, out: Output, batch_id: str) -> None:
    """Have an expired or outdated ZIP rebuilt, and wait for it."""
    archive = api.status(batch_id).get("archive") or {}
    if archive.get("outdated") or archive.get("state") == "expired":
        out.print_message("The ZIP is outdated; it is being rebuilt.")
        archive = api.rebuild_archive(batch_id).get("archive") or {}
    deadline = time.monotonic() + REBUILD_SECONDS
    while archive.get("state") == "building" and time.monotonic() < deadline:
        time.sleep(REBUILD_POLL_SECONDS)
        archive = api.status(batch_id).get("archive") or {}


def round_fields(options: RoundOptions) -> Document:
    """Return a new round's options as JSON fields; omitted ones are not sent."""
    given = {
        "model": options.model,
        "fallback": options.fallback or None,
        "quality": options.quality,
        "maxCost": options.max_cost,
    }
    return {name: value for name, value in given.items() if value is not None}


def fetch(api: Api, out: Output, batch_id: str, target: Target) -> Archive:
    with transfer(out) as moved:
        return download(api, batch_id, target, moved)
