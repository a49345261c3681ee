"""Erases all of an owner's data: started by an operator, completed by the sweeper.

Running work is cancelled and deleted first, and in-flight work is waited for. Then the whole table
is scanned, because only it has every record.
"""

from collections.abc import Callable, Iterator
from decimal import Decimal

from imagebatch.domain.batch import Batch
from imagebatch.domain.erasure import Erasure, ErasureStatus
from imagebatch.domain.errors import (
    ForbiddenError,
    ImagebatchError,
    NotFoundError,
    UnprocessableError,
)
from imagebatch.domain.statuses import RUNNING
from imagebatch.intake.drop_keys import INBOX, OUTBOX, lies_with
from imagebatch.ports.abandoned_arrivals import AbandonedArrivals
from imagebatch.ports.deletion import DeletionStore, KeepGoing
from imagebatch.ports.erasure import ErasureStore, OwnedRecords
from imagebatch.ports.objects import ObjectStore
from imagebatch.structs import Struct, replace
from imagebatch.usecases import keys
from imagebatch.usecases.cancel_batch import CancelBatch
from imagebatch.usecases.delete_batch import DeleteBatch
from imagebatch.usecases.records import BatchRepository

MAX_OWNER_LENGTH = 1_000


class Erasures(Struct, frozen=True):
    """What operators do with erasures, and how they affect other requests."""

    records: BatchRepository
    erasures: ErasureStore

    def start(self, owner: str) -> Erasure:
        """Return the same erasure while it runs. InvalidRequestError for a text that is not an
        owner.
        """
        if not owner.strip() or len(owner) > MAX_OWNER_LENGTH:
            raise UnprocessableError("invalid-owner", "owner must name an owner")
        now = self.records.clock.now()
        return self.erasures.start(
            Erasure(id=self.records.random.new_id(), owner=owner, started_at=now)
        )

    def receipt(self, erasure_id: str) -> Erasure:
        found = self.erasures.get(erasure_id)
        if found is None:
            raise NotFoundError("erasure-not-found", "Erasure not found", title="Not found")
        return found

    def check_admitted(self, owner: str) -> None:
        """ForbiddenError while the owner is being erased, so that no new data arrives."""
        if self.erasures.is_running(owner):
            raise ForbiddenError(
                "being-erased",
                "Your data is being erased",
                detail="Nothing can be read or created until that is done.",
            )


class RunErasures(Struct, frozen=True):
    records: BatchRepository
    erasures: ErasureStore
    deletions: DeletionStore
    media: ObjectStore
    abandoned: AbandonedArrivals
    cancel: CancelBatch
    delete_batch: DeleteBatch
    default_owner: str

    def __call__(self, keep_going: KeepGoing) -> Iterator[str]:
        """Return the IDs of the completed erasures. A failing one does not stop the others."""
        failed: ImagebatchError | None = None
        for erasure in self.erasures.running():
            if not keep_going():
                return
            try:
                if self._run(erasure, keep_going):
                    yield erasure.id
            except ImagebatchError as error:
                failed = error
        if failed is not None:
            raise failed

    def _run(self, erasure: Erasure, keep_going: KeepGoing) -> bool:
        # Each time: a message whose file is gone is dropped by whoever receives it.
        self._delete_drop_folder(erasure.owner)
        if not self._delete_batches(erasure, keep_going):
            return False
        if not self._is_quiet(erasure):
            return False
        if not self.abandoned.remove(self._is_dropped_by(erasure.owner), keep_going):
            return False
        erasure = self.erasures.get(erasure.id) or erasure
        return self._remove_records(erasure, keep_going)

    def _is_quiet(self, erasure: Erasure) -> bool:
        """Whether nothing of the owner is running any more, or waits in a queue."""
        if not erasure.may_remove_records(self.records.clock.now()):
            return False
        # Running work on a batch may write until its deletion ends.
        return all(each.owner != erasure.owner for each in self.deletions.pending())

    def _is_dropped_by(self, owner: str) -> Callable[[str], bool]:
        return lambda key: key.startswith(INBOX) and lies_with(owner, key, self.default_owner)

    def _delete_batches(self, erasure: Erasure, keep_going: KeepGoing) -> bool:
        """Return True if no batch is left; running ones are cancelled, and deleted the next
        time.
        """
        for batch in self.records.store.unfinished_batches(erasure.owner):
            if batch.status in RUNNING:
                self.cancel(erasure.owner, batch.id)
        left = False
        for batch in self._batches(erasure.owner):
            if not keep_going():
                return False
            if batch.finished:
                self.delete_batch(erasure.owner, batch.id, keep_going)
                erasure = replace(erasure, batches=erasure.batches + 1)
                self.erasures.save(erasure)
            else:
                left = True
        return not left

    def _batches(self, owner: str) -> Iterator[Batch]:
        cursor: str | None = None
        while True:
            page = self.records.store.list_batches(owner, limit=100, cursor=cursor)
            yield from page.items
            cursor = page.cursor
            if cursor is None:
                return

    def _delete_drop_folder(self, owner: str) -> None:
        for folder in (INBOX, OUTBOX):
            self.media.delete_folder(f"{folder}{owner}/")
            if owner == self.default_owner:
                self.media.delete_files(folder)

    def _remove_records(self, erasure: Erasure, keep_going: KeepGoing) -> bool:
        while keep_going():
            found = self.erasures.owned(erasure.owner, erasure.cursor)
            self._delete_objects(found)
            counted = _counted(erasure, found)
            # Add the ledger to the receipt before its records are deleted.
            self.erasures.save(replace(erasure, kept=counted.kept))
            self.erasures.remove(found)
            if not found.cursor:
                now = self.records.clock.now()
                self.erasures.finish(replace(counted, status=ErasureStatus.DONE, finished_at=now))
                return True
            self.erasures.save(counted)
            erasure = counted
        return False

    def _delete_objects(self, found: OwnedRecords) -> None:
        for upload in found.uploads:
            self.media.delete(keys.upload(upload))
            self.media.delete(keys.incoming(upload))
        for batch in found.batches:
            for folder in keys.folders_of_batch(batch):
                self.media.delete_folder(folder)


def _counted(erasure: Erasure, found: OwnedRecords) -> Erasure:
    kept = {name: amount for name, amount in found.spent.items() if Decimal(amount)}
    return replace(
        erasure,
        records=erasure.records + len(found.keys),
        uploads=erasure.uploads + len(found.uploads),
        kept={**erasure.kept, **kept},
        cursor=found.cursor,
    )
