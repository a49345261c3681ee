"""Share links: created and revoked by the owner, opened by anyone with the token."""

from collections.abc import Sequence

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import LimitReachedError, NotFoundError, UnprocessableError
from imagebatch.domain.rounds import check_retained
from imagebatch.domain.shares import MAX_SHARES, Share, hash_of, share_end
from imagebatch.ports.shares import ShareStore
from imagebatch.ports.signing import Signer
from imagebatch.structs import Struct
from imagebatch.usecases.records import BatchRepository

PURPOSE = "share"


class ManageShares(Struct, frozen=True):
    """A token is derived from the share's ID and owner, so that it can be returned again without
    being stored.
    """

    records: BatchRepository
    shares: ShareStore
    signer: Signer

    def create(self, owner: str, batch_id: str, share_id: str, hours: int) -> Share:
        """NotFoundError, GoneError after the retention, UnprocessableError when
        the batch has as many links as it may have.
        """
        now = self.records.clock.now()
        batch = self.records.batch(owner, batch_id)
        check_retained(batch, now)
        share = Share(
            id=share_id,
            owner=owner,
            batch_id=batch_id,
            token_hash=hash_of(self.token(owner, share_id)),
            created_at=now,
            expires_at=share_end(now, hours, batch.retention_ends_at),
        )
        try:
            self.shares.put(share, limit=MAX_SHARES)
        except LimitReachedError as error:
            raise _too_many() from error
        return share

    def find(self, owner: str, batch_id: str, share_id: str) -> Share:
        """NotFoundError for a revoked or expired link."""
        found = [s for s in self.of_batch(owner, batch_id) if s.id == share_id]
        if not found:
            raise _no_share()
        return found[0]

    def token(self, owner: str, share_id: str) -> str:
        return self.signer.sign(PURPOSE, share_id, owner)

    def of_batch(self, owner: str, batch_id: str) -> Sequence[Share]:
        """The valid links, newest first. NotFoundError for an unknown batch."""
        self.records.batch(owner, batch_id)
        now = self.records.clock.now()
        live = (s for s in self.shares.of_batch(owner, batch_id) if now < s.expires_at)
        return sorted(live, key=lambda share: share.created_at, reverse=True)

    def revoke(self, owner: str, batch_id: str, share_id: str) -> None:
        self.shares.delete(owner, batch_id, share_id)


class OpenShare(Struct, frozen=True):
    records: BatchRepository
    shares: ShareStore

    def __call__(self, share_id: str, token: str) -> tuple[Share, Batch]:
        """Return the batch that a link shows. The same NotFoundError for every problem."""
        share = self.shares.get(share_id)
        now = self.records.clock.now()
        if share is None:
            hash_of(token)  # takes as long as for an existing link
            raise _no_share()
        if not share.opens_with(token, now):
            raise _no_share()
        batch = self.records.store.get(share.owner, share.batch_id)
        if batch is None or now >= batch.retention_ends_at:
            raise _no_share()
        return share, batch


def _too_many() -> UnprocessableError:
    return UnprocessableError(
        "too-many-shares",
        "Too many share links",
        detail=f"A batch has at most {MAX_SHARES} share links at a time. Revoke one first.",
    )


def _no_share() -> NotFoundError:
    return NotFoundError("share-not-found", "Link not found", title="Not found")
