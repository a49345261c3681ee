"""The finalizer's steps: build → publish → (wait) → delete → expire, or give up.

Each step can be repeated, and belongs to one round and one attempt: a waiting execution of an
earlier round cannot affect later ones. notify_owner.py sends the webhook.
"""

from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

from imagebatch.domain import rounds, transitions
from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import BatchManifest, decode_manifest
from imagebatch.domain.errors import Failure, FailureCode, NotFoundError, UnavailableError
from imagebatch.domain.item import Item
from imagebatch.domain.notice import Notice
from imagebatch.domain.round_state import Archive
from imagebatch.domain.statuses import BatchStatus
from imagebatch.domain.versions import choices_of
from imagebatch.formats.zip_layout import TextMember
from imagebatch.ports.archive import ArchiveBuilder, ArchiveMember, BadMembersError, StoredMember
from imagebatch.ports.objects import ObjectStore
from imagebatch.ports.pdf_pages import PagesBuilder
from imagebatch.ports.telemetry import Telemetry
from imagebatch.reports.notes import NO_PAGES, pages_left_out
from imagebatch.structs import Struct, replace
from imagebatch.usecases import keys
from imagebatch.usecases.archive_images import (
    ArchivedImage,
    alternate_images,
    chosen_images,
    unfit_pictures,
)
from imagebatch.usecases.records import BatchRepository

FAILED_ROWS = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
LOST_IMAGE = "The stored image is damaged or missing; a retry regenerates it"

type ReportFailure = Callable[[str, Exception], None]
type Texts = Callable[
    [Batch, BatchManifest, Sequence[Item], Sequence[Notice], ReportFailure], Sequence[TextMember]
]
"""The archive's text files; `failed_rows.json` exists if something failed."""
type Publish = Callable[[Batch], None]
type OwnerNotice = Callable[[Batch], dict[str, Any] | None]


class FinalizerRun(Struct, frozen=True):
    owner: str
    batch_id: str
    round: int
    attempt: int

    def is_of(self, batch: Batch) -> bool:
        return (batch.round, batch.state.attempt) == (self.round, self.attempt)


class FinalizeBatch(Struct, frozen=True):
    records: BatchRepository
    media: ObjectStore
    builder: ArchiveBuilder
    report_files: Texts
    deliver: Publish
    """Publishes a finished drop-folder batch to its outbox."""
    notice: OwnerNotice
    """The webhook payload for a finished batch, if any."""
    archive_url: Callable[[Batch], str | None]
    telemetry: Telemetry
    ttl: timedelta
    pages: PagesBuilder

    def build(self, run: FinalizerRun) -> dict[str, Any]:
        """Build the archive; `done` is false if another call has to continue."""
        batch = self._batch(run)
        if batch is None or not _is_building(batch):
            return {"done": True}
        started = self.records.clock.now()
        archive = self._build(batch)
        if archive is None:
            return {"done": False}
        seconds = (self.records.clock.now() - started).total_seconds()
        return {
            "done": True,
            "archive": {
                "key": archive.key,
                "size": archive.size,
                "entries": archive.entries,
                "failedRowsKey": archive.failed_rows_key,
                "failedRowsCsvKey": archive.failed_rows_csv_key,
                "choices": archive.choices,
                "seconds": seconds,
            },
        }

    def publish(self, run: FinalizerRun, built: dict[str, Any] | None = None) -> dict[str, Any]:
        """End the round; the output has the presigned URL, the archive's expiry, and the webhook to
        send.
        """
        batch = self._batch(run)
        if batch is None:
            return {"expiresAt": self._soon(), "zipUrl": None, "notice": None}
        if _is_building(batch) and built is not None:
            batch = self._publish(run, built)
            self.telemetry.archived(batch, float(built["seconds"]))
        if batch.finished:
            self.deliver(batch)
        expires = batch.expires_at or self.records.clock.now()
        text = expires.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        notice = self._notice(batch, run) if batch.finished else None
        return {"expiresAt": text, "zipUrl": self.archive_url(batch), "notice": notice}

    def delete(self, run: FinalizerRun) -> dict[str, Any]:
        batch = self.records.store.get(run.owner, run.batch_id)
        if batch is not None and run.is_of(batch) and not batch.expired(self.records.clock.now()):
            raise UnavailableError("the archive has not expired yet")
        self.media.delete(keys.archive(run.batch_id, run.round, run.attempt))
        for form in FAILED_ROWS:
            self.media.delete(keys.failed_rows(run.batch_id, run.round, run.attempt, form))
        self.pages.discard(keys.pages(run.batch_id, run.round, run.attempt))
        return {}

    def expire(self, run: FinalizerRun) -> dict[str, Any]:
        if self._batch(run) is None:
            return {}
        now = self.records.clock.now()

        def forget(batch: Batch) -> Batch:
            gone = run.is_of(batch) and batch.expired(now) and batch.state.archive is not None
            return replace(batch, state=replace(batch.state, archive=None)) if gone else batch

        with suppress(NotFoundError):  # deleted in the meantime
            self.records.update(run.owner, run.batch_id, forget)
        return {}

    def give_up(self, run: FinalizerRun) -> dict[str, Any]:
        self.builder.discard(keys.archive(run.batch_id, run.round, run.attempt))
        self.pages.discard(keys.pages(run.batch_id, run.round, run.attempt))
        now = self.records.clock.now()

        def end(batch: Batch) -> Batch:
            ours = run.is_of(batch) and _is_building(batch)
            return rounds.give_up(batch, now) if ours else batch

        try:
            batch = self.records.update(run.owner, run.batch_id, end)
        except NotFoundError:
            return {"notice": None}  # deleted in the meantime
        self.telemetry.log_event("finalizer gave up", batch_id=batch.id, round=run.round)
        if not batch.finished or not run.is_of(batch):
            return {"notice": None}
        self.deliver(batch)
        return {"notice": self._notice(batch, run)}

    def _notice(self, batch: Batch, run: FinalizerRun) -> dict[str, Any] | None:
        """The round has already ended: rebuilding its archive sends no webhook."""
        return None if batch.rebuild_attempt == run.attempt else self.notice(batch)

    def _batch(self, run: FinalizerRun) -> Batch | None:
        """Return the batch while it is still in this round and attempt."""
        batch = self.records.store.get(run.owner, run.batch_id)
        return batch if batch is not None and run.is_of(batch) else None

    def _build(self, batch: Batch) -> Archive | None:
        """Build until every member matches its record: a lost image is a failed row, never a gap.

        None after drawing the pages, which takes as long as the archive does.
        """
        body = self.media.get(keys.plan(batch.id))
        if body is None:
            raise UnavailableError("the batch's plan is not there")
        plan = decode_manifest(body)
        lost: set[str] = set()
        while True:
            items = list(self.records.store.items(batch.owner, batch.id))
            chosen, others = chosen_images(batch, items), alternate_images(items)
            images = [image.member for image in chosen]
            alternates = [image.member for image in others]
            unfit = [each for each in unfit_pictures(items) if each.name not in lost]
            try:
                drawn = self._drawn(batch, images)
                if drawn is None:
                    return None
                pages, notices = drawn
                texts = self.report_files(batch, plan, items, notices, self._report_failed)
                archive = self._store(batch, [*images, *alternates, *unfit, *pages, *texts], texts)
                return replace(archive, choices=choices_of(items) or None)
            except BadMembersError as error:
                lost |= {each.name for each in unfit} & error.reasons.keys()
                batch = self._lose(batch, [*chosen, *others], error, lost)

    def _drawn(
        self, batch: Batch, images: Sequence[StoredMember]
    ) -> tuple[list[StoredMember], Sequence[Notice]] | None:
        """Return the PDF of these images, if requested, and which ones it lacks; None if this call
        has drawn it.
        """
        if not batch.options.get("include_pdf") or not images:
            return [], ()
        key = keys.pages(batch.id, batch.round, batch.state.attempt)
        found = self.pages.find(key, images)
        if found is None:
            self.pages.build(key, images)
            return None
        if found.member is None:
            return [], (NO_PAGES,)
        return [found.member], pages_left_out(found.left_out)

    def _report_failed(self, name: str, error: Exception) -> None:
        self.telemetry.log_event(
            "report file failed", file=name, reason=f"{type(error).__name__}: {error}"[:500]
        )

    def _store(
        self, batch: Batch, members: Sequence[ArchiveMember], report_files: Sequence[TextMember]
    ) -> Archive:
        key = keys.archive(batch.id, batch.round, batch.state.attempt)
        built = self.builder.build(
            key, members, modified=batch.building_since or self.records.clock.now()
        )
        failed = {form: self._store_failed(batch, report_files, form) for form in FAILED_ROWS}
        return Archive(key, built.size, built.entries, failed["json"], failed["csv"])

    def _store_failed(
        self, batch: Batch, report_files: Sequence[TextMember], form: str
    ) -> str | None:
        """Store the failed rows next to the archive as well, for download without the ZIP."""
        text = next((text for text in report_files if text.name == f"failed_rows.{form}"), None)
        if text is None:
            return None
        key = keys.failed_rows(batch.id, batch.round, batch.state.attempt, form)
        self.media.put(key, text.body, FAILED_ROWS[form])
        return key

    def _lose(
        self,
        batch: Batch,
        images: Sequence[ArchivedImage],
        error: BadMembersError,
        left_out: AbstractSet[str],
    ) -> Batch:
        names = {image.member.name: image for image in images}
        failure = Failure.of(FailureCode.INTERNAL, LOST_IMAGE)
        for name, reason in error.reasons.items():
            self.telemetry.log_event("image lost", batch_id=batch.id, file=name, reason=reason)
            if name in left_out:
                continue
            if name not in names:
                raise error
            lose = partial(
                transitions.mark_output_lost, failure=failure, version=names[name].version
            )
            batch, _ = self.records.update_item(batch, names[name].item, lose)
        return batch

    def _publish(self, run: FinalizerRun, built: dict[str, Any]) -> Batch:
        now = self.records.clock.now()
        archive = Archive(
            built["key"],
            int(built["size"]),
            int(built["entries"]),
            built.get("failedRowsKey"),
            built.get("failedRowsCsvKey"),
            built.get("choices"),
            now,
        )

        def end(batch: Batch) -> Batch:
            ours = run.is_of(batch) and _is_building(batch)
            return rounds.publish(batch, archive, now, self.ttl) if ours else batch

        return self.records.update(run.owner, run.batch_id, end)

    def _soon(self) -> str:
        return self.records.clock.now().isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _is_building(batch: Batch) -> bool:
    return batch.status is BatchStatus.ARCHIVING or batch.rebuilding
