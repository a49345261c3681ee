"""Follows a batch to its end: by the server's events if available, otherwise by polling."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass

import httpx
from httpx_sse import EventSource, SSEError

from imagebatch_cli.api import Api
from imagebatch_cli.errors import ExitStatus, UnreachableError
from imagebatch_cli.sheet import Document

ENDED = frozenset({"completed", "failed", "cancelled"})
FINISHED = ENDED | {"expired"}
MAX_LOST_ANSWERS = 3
POLL_SECONDS = 1.0
SLOW_POLL_SECONDS = 2.0
SLOW_AFTER_SECONDS = 60.0
MIN_PAUSE_SECONDS, DEFAULT_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 0.1, 1.0, 10.0
OUTCOMES = {
    "all_succeeded": ExitStatus.OK,
    "partial": ExitStatus.SOME_FAILED,
    "none_succeeded": ExitStatus.NONE_SUCCEEDED,
}


@dataclass(frozen=True)
class Progress:
    """A batch's progress. `cost` is USD spent so far, `eta` an ISO 8601 time."""

    status: str
    mode: str
    total: int
    percent: int
    succeeded: int
    failed: int
    cancelled: int
    processing: int
    pending: int
    cost: str
    eta: str | None
    waiting: str

    @classmethod
    def of(cls, document: Document) -> "Progress":
        """Build from a status (camelCase) or a `progress` event (snake_case)."""
        cost = document.get("cost")
        succeeded = document["done"] if "done" in document else document.get("succeeded", 0)
        return cls(
            status=str(document.get("status", "")),
            mode=str(document.get("mode") or ""),
            total=document.get("total", 0),
            percent=document.get("percent", 0),
            succeeded=succeeded,
            failed=document.get("failed", 0),
            cancelled=document.get("cancelled", 0),
            processing=document.get("processing", 0),
            pending=document.get("pending", 0),
            cost=str((cost.get("actual") if isinstance(cost, dict) else cost) or "0"),
            eta=document.get("eta"),
            waiting=_waiting(document.get("waitingFor") or document.get("waiting_for")),
        )


def _waiting(document: Document | str | None) -> str:
    if not isinstance(document, dict):
        return document or ""
    until = f" until {document['until']}" if document.get("until") else ""
    return f"{document.get('reason', '')}{until}".strip()


def is_finished(status: Document) -> bool:
    return status["status"] in FINISHED


def exit_status(status: Document) -> ExitStatus:
    """Return the exit status for a batch's state; 0 while it runs."""
    if not is_finished(status):
        return ExitStatus.OK
    if status["status"] == "failed":
        return ExitStatus.NONE_SUCCEEDED
    return OUTCOMES.get(status.get("outcome") or "", ExitStatus.OK)


def watch(api: Api, batch_id: str, show: Callable[[Progress], None]) -> Document:
    """Wait for the batch's end and return its final status. `show` is called for each update."""
    status = api.status(batch_id)
    show(Progress.of(status))
    if is_finished(status):
        return status
    _follow_events(api, batch_id, show)
    return _poll(api, batch_id, show)


def _poll(api: Api, batch_id: str, show: Callable[[Progress], None]) -> Document:
    started = time.monotonic()
    while True:
        status = api.status(batch_id)
        show(Progress.of(status))
        if is_finished(status):
            return status
        slow = time.monotonic() - started > SLOW_AFTER_SECONDS
        time.sleep(SLOW_POLL_SECONDS if slow else POLL_SECONDS)


class _EventsOverError(Exception):
    """The stream has ended or is unavailable: continue by polling."""


@dataclass
class _Stream:
    """The events of one batch over many finite responses, each of which resumes after the last."""

    api: Api
    batch_id: str
    show: Callable[[Progress], None]
    last_id: str = ""
    pause: float = DEFAULT_PAUSE_SECONDS

    def read_answer(self) -> bool:
        """Read one response to its end; return whether it contained an event."""
        heard = False
        with self.api.events(self.batch_id, self.last_id) as response:
            if response.status_code != httpx.codes.OK:
                raise _EventsOverError
            for event in EventSource(response).iter_sse():
                self.last_id = event.id or self.last_id
                if event.retry is not None:
                    self.pause = min(max(event.retry / 1000, MIN_PAUSE_SECONDS), MAX_PAUSE_SECONDS)
                heard = heard or bool(event.data)
                if event.event == "progress":
                    self.show(Progress.of(json.loads(event.data)))
                if event.event in ENDED:
                    raise _EventsOverError
        return heard


def _follow_events(api: Api, batch_id: str, show: Callable[[Progress], None]) -> None:
    """Return when the stream has ended or is unavailable."""
    stream = _Stream(api, batch_id, show)
    lost = 0
    while lost < MAX_LOST_ANSWERS:
        try:
            heard, lost = stream.read_answer(), 0
        except (_EventsOverError, SSEError, ValueError):
            return
        except (httpx.TransportError, UnreachableError):
            heard, lost = True, lost + 1
        if not heard and is_finished(api.status(batch_id)):
            return
        time.sleep(stream.pause)
