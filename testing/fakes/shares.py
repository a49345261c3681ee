from collections.abc import Sequence
from threading import Lock

from imagebatch.domain.errors import LimitReachedError
from imagebatch.domain.shares import Share, others_open
from imagebatch.ports.shares import ShareStore
from testing.fakes.faults import Faults, faulty


class InMemoryShareStore(Faults, ShareStore):
    """`shares` holds the stored records, by ID."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self.shares: dict[str, Share] = {}

    @faulty
    def put(self, share: Share, *, limit: int) -> None:
        with self._lock:
            own = [s for s in self.shares.values() if s.batch_id == share.batch_id]
            if others_open(own, share) >= limit:
                raise LimitReachedError
            self.shares[share.id] = share

    @faulty
    def get(self, share_id: str) -> Share | None:
        return self.shares.get(share_id)

    @faulty
    def of_batch(self, owner: str, batch_id: str) -> Sequence[Share]:
        found = [s for s in self.shares.values() if (s.owner, s.batch_id) == (owner, batch_id)]
        return sorted(found, key=lambda share: share.id)

    @faulty
    def delete(self, owner: str, batch_id: str, share_id: str) -> None:
        found = self.shares.get(share_id)
        if found is not None and (found.owner, found.batch_id) == (owner, batch_id):
            del self.shares[share_id]
