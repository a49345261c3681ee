"""How many messages a batch may have in the queue, by how many batches run."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from imagebatch.domain import turns
from imagebatch.domain.errors import UnavailableError
from imagebatch.ports import BatchStore, Clock

COUNTED_FOR = timedelta(seconds=2)
MOST_COUNTED = 40
"""Every worker reads the same list: a longer one would cost more than it tells."""


@dataclass(slots=True)
class Turns:
    """How many messages a batch may have in the queue now."""

    store: BatchStore
    clock: Clock
    workers: int
    running: int = 1
    counted_at: datetime | None = None

    def first(self) -> int:
        return turns.first_share(self.workers, self._running())

    def share(self) -> int:
        return turns.share(self.workers, self._running())

    def _running(self) -> int:
        """As of at most two seconds ago, and no more than make a difference."""
        now = self.clock.now()
        if self.counted_at is None or now - self.counted_at >= COUNTED_FOR:
            limit = min(MOST_COUNTED, 2 * self.workers)
            try:
                self.running = sum(1 for _ in self.store.unfinished(limit=limit))
            except UnavailableError:
                return self.running  # what was paid for is settled all the same
            self.counted_at = now
        return self.running
