"""Links that show one batch to anyone who has them."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from imagebatch.structs import Struct

MAX_HOURS = 720
MAX_SHARES = 20
"""Per batch, at the same time."""


class Share(Struct, frozen=True, kw_only=True):
    """Only `token_hash` is stored, not the token."""

    id: str
    owner: str
    batch_id: str
    token_hash: str
    created_at: datetime
    expires_at: datetime

    def opens_with(self, token: str, now: datetime) -> bool:
        """Takes the same time for every wrong token."""
        right = hmac.compare_digest(hash_of(token), self.token_hash)
        return right and now < self.expires_at


def others_open(shares: Iterable[Share], share: Share) -> int:
    """How many others are open when the share is made."""
    now = share.created_at
    return sum(now < other.expires_at for other in shares if other.id != share.id)


def hash_of(token: str) -> str:
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def share_end(now: datetime, hours: int, retention_ends_at: datetime) -> datetime:
    """A link never outlives the images."""
    return min(now + timedelta(hours=hours), retention_ends_at)
