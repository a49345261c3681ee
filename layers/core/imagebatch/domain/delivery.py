"""The delivery status of a webhook: one record for each reported end of a round."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from imagebatch.domain.errors import TooManyRequestsError
from imagebatch.structs import Struct

REPLAY_PAUSE = timedelta(seconds=10)


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    """Not accepted yet, being retried."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """Failed after the last attempt."""
    GONE = "gone"
    """The receiver unsubscribed."""
    REFUSED = "refused"
    """The URL is not allowed."""


class Delivery(Struct, frozen=True, kw_only=True):
    """`id` is the message's ID, the same in every attempt; `body` is what was sent."""

    id: str
    url: str
    body: Mapping[str, Any]
    created_at: datetime
    status: DeliveryStatus = DeliveryStatus.PENDING
    attempts: int = 0
    last_attempt_at: datetime | None = None
    reason: str = ""

    @property
    def shown_url(self) -> str:
        """Return the URL without user, password, query and fragment, which may be secret."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{host}{port}{parts.path}"

    def check_replay(self, now: datetime) -> None:
        """TooManyRequestsError if the last attempt was too recent."""
        last = self.last_attempt_at
        if last is not None and now < last + REPLAY_PAUSE:
            raise TooManyRequestsError(
                "replay-too-soon",
                "The webhook was sent less than ten seconds ago",
                detail="A webhook can be sent again every ten seconds. Try again later.",
                retry_after=max(1, round((last + REPLAY_PAUSE - now).total_seconds())),
            )
