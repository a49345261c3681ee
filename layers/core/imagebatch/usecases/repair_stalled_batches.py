"""Finds stalled batches and passes them to the use cases that resume them."""

from collections.abc import Iterator
from datetime import timedelta

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import ImagebatchError, UnreadableRecordError
from imagebatch.domain.rounds import start_archiving_if_complete
from imagebatch.domain.statuses import BatchStatus
from imagebatch.ports.dispatch_queue import DispatchQueue
from imagebatch.ports.finalizer import Execution, Finalizer
from imagebatch.ports.item_queue import ItemQueue
from imagebatch.ports.telemetry import Telemetry
from imagebatch.structs import Struct, replace
from imagebatch.usecases.dispatch_items import DispatchItems
from imagebatch.usecases.records import BatchRepository


class RepairStalledBatches(Struct, frozen=True):
    records: BatchRepository
    dispatch: DispatchQueue
    dispatch_items: DispatchItems
    queue: ItemQueue
    finalizer: Finalizer
    telemetry: Telemetry
    after: timedelta

    def __call__(self) -> Iterator[Batch]:
        """Repair every batch without progress for `after` that waits for no provider; yield each.

        A failing one does not stop the others; its error is raised at the end. Unreadable ones are
        reported and skipped.
        """
        now = self.records.clock.now()
        failed: ImagebatchError | None = None
        for batch in self.records.store.unfinished_batches():
            moved_at = batch.updated_at or batch.created_at
            if batch.waiting_for(now) is None and now - moved_at >= self.after:
                try:
                    yield self._repair(batch)
                except UnreadableRecordError as error:
                    self.telemetry.unreadable(f"batch {batch.id}", str(error))
                except ImagebatchError as error:
                    failed = error
        if failed is not None:
            raise failed

    def _repair(self, batch: Batch) -> Batch:
        if batch.status is BatchStatus.ARCHIVING:
            return self._restart_finalizer(batch)
        if not batch.state.dispatched:
            self.dispatch.send(batch.owner, batch.id, batch.round)
            return batch
        now = self.records.clock.now()
        touched = self.records.update(
            batch.owner,
            batch.id,
            lambda b: replace(start_archiving_if_complete(b, now), updated_at=now),
        )
        if touched.status is BatchStatus.ARCHIVING:
            return self._restart_finalizer(touched)
        self.queue.send(list(self.dispatch_items.open_messages(touched)))
        return touched

    def _restart_finalizer(self, batch: Batch) -> Batch:
        """A lost start is repeated; an execution that ended without a result is replaced."""
        state = self.finalizer.state(batch.id, batch.round, batch.state.attempt)
        if state is Execution.RUNNING:
            return batch
        if state is Execution.ENDED:
            batch = self.records.update(
                batch.owner,
                batch.id,
                lambda b: (
                    replace(b, state=b.state.next_attempt())
                    if b.status is BatchStatus.ARCHIVING and b.state.attempt == batch.state.attempt
                    else b
                ),
            )
        self.finalizer.start(batch.owner, batch.id, batch.round, batch.state.attempt)
        return batch
