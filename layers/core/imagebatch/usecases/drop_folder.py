"""The drop folder: a sheet under `inbox/` becomes a batch, and its results are under `outbox/`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import (
    InvalidRequestError,
    NotFoundError,
    RequestError,
    StateConflictError,
    TooLargeError,
    TooManyBatchesError,
    UnavailableError,
)
from imagebatch.domain.notice import Notice, NoticeLevel
from imagebatch.intake.drop_keys import ERROR_SUFFIX, DroppedKey, drop_options, parse_key
from imagebatch.intake.sheet import ReadOptions
from imagebatch.ports.arrivals import ArrivedObject, SendAnew
from imagebatch.ports.clock import Clock
from imagebatch.ports.item_queue import RetryLater
from imagebatch.ports.objects import ObjectStore
from imagebatch.ports.records import BatchStore
from imagebatch.ports.telemetry import Telemetry
from imagebatch.structs import Struct, field
from imagebatch.usecases.idempotency import DELETED, IdempotentExecutor, Result, fingerprint
from imagebatch.usecases.plan_sheet_batch import PlanSheetBatch, SheetRequest
from imagebatch.usecases.rehearse_batch import rehearsed
from imagebatch.usecases.submit_batch import SubmitBatch
from imagebatch.usecases.templates import ManageTemplates

MAX_SHEET_BYTES = 5_000_000
IN_FLIGHT = "request-in-flight"
OVERWRITTEN, GONE = "overwritten", "gone"
EMPTY_GRACE = timedelta(seconds=60)
"""Mounted folders create an empty object first and add its content soon after."""


class SubmitDroppedSheet(Struct, frozen=True):
    plan: PlanSheetBatch
    templates: ManageTemplates
    submit: SubmitBatch
    execute_once: IdempotentExecutor
    media: ObjectStore
    telemetry: Telemetry
    problem: Callable[[RequestError], bytes]
    default_owner: str
    clock: Clock
    defaults: Mapping[str, str] = field(default_factory=dict)
    """Default options for a sheet's metadata."""
    is_erased: Callable[[str], bool] = lambda _: False
    """Whether the owner's data is being erased."""

    def __call__(self, arrival: ArrivedObject) -> Result | RetryLater | SendAnew:
        """Create one batch per content of a file, however often its arrival is announced.

        SendAnew while its owner has the maximum number of unfinished batches.
        """
        key, etag = arrival.key, arrival.etag
        dropped = parse_key(key)
        if dropped is None:
            return {"ignored": key}
        if dropped.fault:
            return self._explain_refusal(dropped, _misplaced(dropped.fault))
        if arrival.size == 0 and arrival.age < EMPTY_GRACE.total_seconds():
            return RetryLater(self.clock.now() + EMPTY_GRACE)
        owner = dropped.owner or self.default_owner
        if self.is_erased(owner):
            # The erasure deletes the sheets that it finds; a later sheet waits for its end.
            return SendAnew() if self.media.head(key) else {"ignored": key}
        content = fingerprint("drop", key, etag.strip('"'))
        try:
            self.submit.check_room(owner)
            answer = self.execute_once(
                owner, content, content, lambda id_: self._create(owner, dropped, etag, id_)
            )
        except TooManyBatchesError:
            return SendAnew()
        except RequestError as error:
            return self._explain_refusal(dropped, error)
        self._withdraw_refusal(dropped, etag)
        return answer

    def _explain_refusal(self, dropped: DroppedKey, error: RequestError) -> Result:
        if error.kind in {OVERWRITTEN, GONE, DELETED}:
            return {"ignored": dropped.key}
        if error.kind == IN_FLIGHT:
            raise UnavailableError("the same file is being processed") from error
        self._refuse(dropped, error)
        return {"refused": error.kind}

    def _withdraw_refusal(self, dropped: DroppedKey, etag: str) -> None:
        """The outbox holds the latest result for a name: remove the error of an older sheet, unless
        newer content was rejected since.
        """
        still = self.media.head(dropped.key)
        if still is not None and still.etag.strip('"') == etag.strip('"'):
            self.media.delete(dropped.outbox + ERROR_SUFFIX)

    def _create(self, owner: str, dropped: DroppedKey, etag: str, batch_id: str) -> Result:
        body, metadata = self._read(dropped.key, etag)
        options = drop_options({**self.defaults, **metadata})
        template = dropped.template
        request = SheetRequest(
            body=body,
            template=self.templates.choose(owner, template, None) if template else None,
            fallback=options.fallback,
            quality=options.quality,
            read=ReadOptions(options.encoding, options.sheet),
        )
        submission = self.plan(
            owner,
            request,
            name=(options.name or dropped.name)[:200],
            max_cost=options.max_cost,
            drop_key=dropped.key,
        )
        submission = rehearsed(submission, options.rehearse)
        _refuse_warnings(submission.plan.notices)
        batch = self.submit(submission, batch_id)
        self.telemetry.submitted(batch, submission.plan.warnings)
        return {"batchId": batch.id}

    def _read(self, key: str, etag: str) -> tuple[bytes, Mapping[str, str]]:
        """Return the content that was announced: later content has its own announcement."""
        found = self.media.head(key)
        if found is not None and found.size > MAX_SHEET_BYTES:
            raise TooLargeError("too-large", "CSV file is too large (max 5 MB)")
        body = self.media.get(key)
        # Checked after reading: if it still exists now, it is what was read.
        still = self.media.head(key)
        if body is None or still is None:
            raise NotFoundError(GONE, "The file was removed before it was read")
        if still.etag.strip('"') != etag.strip('"'):
            raise StateConflictError(OVERWRITTEN, "The file was overwritten")
        return body, still.metadata

    def _refuse(self, dropped: DroppedKey, error: RequestError) -> None:
        body = self.problem(error)
        self.media.put(dropped.outbox + ERROR_SUFFIX, body, "application/problem+json")
        self.telemetry.log_event("dropped sheet rejected", kind=error.kind)


class PublishToOutbox(Struct, frozen=True):
    """Publish a finished batch's archive and status where the user who dropped its sheet looks."""

    store: BatchStore
    media: ObjectStore
    status: Callable[[Batch], bytes]

    def __call__(self, batch: Batch) -> None:
        if batch.drop_key is None:
            return
        dropped = parse_key(batch.drop_key)
        if dropped is None:
            return
        base = dropped.outbox
        if not self.store.reserve_outbox_name(base, batch.id, batch.retention_ends_at):
            base = f"{base}-{batch.id[:8]}"
        archive = batch.state.archive
        if archive is not None:
            self.media.copy(archive.key, base + ".zip")
        self.media.put(base + ".json", self.status(batch), "application/json")


def _misplaced(fault: str) -> InvalidRequestError:
    return InvalidRequestError(
        "misplaced",
        "The sheet is in the wrong folder",
        detail=f"{fault} Put it under inbox/, inbox/<owner>/ or inbox/<owner>/<template>/.",
    )


def _refuse_warnings(notices: Sequence[Notice]) -> None:
    """Nobody reviews a dropped sheet before it incurs costs, so a warning rejects it."""
    found = [notice for notice in notices if notice.level is NoticeLevel.WARNING]
    if found:
        raise InvalidRequestError(
            "needs-a-look",
            "The sheet needs attention",
            detail=f"{found[0].message} Correct the sheet, or submit it where a person can confirm "
            "it: on the page, with the command line or with the API.",
            details=[
                {"code": n.code, "message": n.message, "row": n.row, "column": n.column}
                for n in found
            ],
        )
