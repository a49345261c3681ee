"""The drop folder: a sheet under `inbox/` becomes a batch, and its end lies under `outbox/`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import (
    InvalidRequestError,
    NotFoundError,
    RequestError,
    StateConflictError,
    TooManyBatchesError,
    UnavailableError,
)
from imagebatch.ports import (
    ArrivedObject,
    BatchStore,
    Clock,
    ObjectStore,
    RetryLater,
    Telemetry,
)
from imagebatch.usecases.idempotency import IdempotentExecutor, Result, fingerprint
from imagebatch.usecases.plan_car_batch import PlanCarBatch
from imagebatch.usecases.submit_batch import SubmitBatch

INBOX, OUTBOX, SUFFIX = "inbox/", "outbox/", ".csv"
MAX_SHEET_BYTES = 5_000_000
IN_FLIGHT = "request-in-flight"
OVERWRITTEN, GONE = "overwritten", "gone"
EMPTY_GRACE = timedelta(seconds=60)
"""Mounted folders put an empty object first and its content soon after."""
ROOM_PAUSE = timedelta(minutes=15)
"""How long a sheet waits before it asks again whether its owner may have another batch."""


def owner_of(key: str, default: str) -> str:
    """`inbox/<owner>/<name>.csv` belongs to that owner, `inbox/<name>.csv` to the default one."""
    folder, _, rest = key.removeprefix(INBOX).partition("/")
    return folder if rest else default


def outbox_base(key: str) -> str:
    """Where the answers to a dropped sheet lie, without their endings."""
    return OUTBOX + key.removeprefix(INBOX)[: -len(SUFFIX)]


def error_document(key: str) -> str:
    return outbox_base(key) + ".error.json"


def is_sheet(key: str) -> bool:
    """macOS leaves a `._name.csv` beside each file: it is no sheet."""
    name = key.rsplit("/", 1)[-1]
    named = name.lower().endswith(SUFFIX) and len(name) > len(SUFFIX)
    return key.startswith(INBOX) and named and not name.startswith("._")


@dataclass(frozen=True, slots=True)
class SubmitDroppedSheet:
    plan: PlanCarBatch
    submit: SubmitBatch
    execute_once: IdempotentExecutor
    media: ObjectStore
    telemetry: Telemetry
    problem: Callable[[RequestError], bytes]
    default_owner: str
    clock: Clock

    def __call__(self, arrival: ArrivedObject) -> Result | RetryLater:
        """One batch for one content of one file, however often its arrival is announced."""
        key, etag = arrival.key, arrival.etag
        if not is_sheet(key):
            return {"ignored": key}
        if arrival.size == 0 and arrival.age < EMPTY_GRACE.total_seconds():
            return RetryLater(self.clock.now() + EMPTY_GRACE)
        owner = owner_of(key, self.default_owner)
        content = fingerprint("drop", key, etag.strip('"'))
        try:
            answer = self.execute_once(
                owner, content, content, lambda id_: self._create(owner, key, etag, id_)
            )
        except TooManyBatchesError:
            return RetryLater(self.clock.now() + ROOM_PAUSE)
        except RequestError as error:
            return self._explain_refusal(key, error)
        self._withdraw_refusal(key, etag)
        return answer

    def _explain_refusal(self, key: str, error: RequestError) -> Result:
        if error.kind in {OVERWRITTEN, GONE}:
            return {"ignored": key}
        if error.kind == IN_FLIGHT:
            raise UnavailableError("the same file is being taken right now") from error
        self._refuse(key, error)
        return {"refused": error.kind}

    def _withdraw_refusal(self, key: str, etag: str) -> None:
        """The outbox holds the newest answer for a name: an older sheet's problem goes, unless a
        newer content was refused since.
        """
        still = self.media.head(key)
        if still is not None and still.etag.strip('"') == etag.strip('"'):
            self.media.delete(error_document(key))

    def _create(self, owner: str, key: str, etag: str, batch_id: str) -> Result:
        body = self._read(key, etag)
        name = key.rsplit("/", 1)[-1][: -len(SUFFIX)]
        submission = self.plan(owner, body, name=name[:200], drop_key=key)
        batch = self.submit(submission, batch_id)
        self.telemetry.submitted(batch, submission.plan.warnings)
        return {"batchId": batch.id}

    def _read(self, key: str, etag: str) -> bytes:
        """The content whose arrival was announced: a later one has an announcement of its own."""
        found = self.media.head(key)
        if found is not None and found.size > MAX_SHEET_BYTES:
            raise InvalidRequestError("too-large", "CSV file is too large (max 5 MB)", status=413)
        body = self.media.get(key)
        # Looked at after it was read: what was still there then is what was read.
        still = self.media.head(key)
        if body is None or still is None:
            raise NotFoundError(GONE, "The file was removed before it was read")
        if still.etag.strip('"') != etag.strip('"'):
            raise StateConflictError(OVERWRITTEN, "The file was overwritten")
        return body

    def _refuse(self, key: str, error: RequestError) -> None:
        body = self.problem(error)
        self.media.put(error_document(key), body, "application/problem+json")
        self.telemetry.log_event("dropped sheet refused", kind=error.kind, status=error.status)


@dataclass(frozen=True, slots=True)
class PublishToOutbox:
    """Puts a finished batch's archive and status where the person who dropped its sheet looks."""

    store: BatchStore
    media: ObjectStore
    status: Callable[[Batch], bytes]

    def __call__(self, batch: Batch) -> None:
        if batch.drop_key is None:
            return
        base = outbox_base(batch.drop_key)
        if not self.store.reserve_outbox_name(base, batch.id, batch.retention_ends_at):
            base = f"{base}-{batch.id[:8]}"
        if batch.archive is not None:
            self.media.copy(batch.archive.key, base + ".zip")
        self.media.put(base + ".json", self.status(batch), "application/json")
