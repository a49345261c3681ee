"""Storage of share links."""

from collections.abc import Sequence
from typing import Protocol

from imagebatch.domain.shares import Share


class ShareStore(Protocol):
    """Shares by their ids. Every read is consistent."""

    def put(self, share: Share, *, limit: int) -> None:
        """Store a share; storing it again has no effect.

        LimitReachedError if `limit` other shares of its batch are open. The write itself decides.
        """
        ...

    def get(self, share_id: str) -> Share | None: ...

    def of_batch(self, owner: str, batch_id: str) -> Sequence[Share]:
        """All shares of a batch, including expired ones, ordered by ID."""
        ...

    def delete(self, owner: str, batch_id: str, share_id: str) -> None:
        """No effect if the batch has no such share."""
        ...
