"""What became of a webhook: one record for each end of a round that was told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from imagebatch.domain.errors import TooManyRequestsError

REPLAY_PAUSE = timedelta(seconds=10)


class DeliveryStatus(StrEnum):
    PENDING = "pending"
    """Not taken yet, and tried again."""
    DELIVERED = "delivered"
    FAILED = "failed"
    """Given up after the last try."""
    GONE = "gone"
    """The receiver wants no more of them."""
    REFUSED = "refused"
    """The address is none that we call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """`id` is the message's own, the same in every try; `body` what was sent."""

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
        """Without what may be a secret: user, password, query and fragment."""
        parts = urlsplit(self.url)
        host = parts.hostname or ""
        host = f"[{host}]" if ":" in host else host
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{host}{port}{parts.path}"

    def check_replay(self, now: datetime) -> None:
        """TooManyRequestsError when the last try was a moment ago."""
        last = self.last_attempt_at
        if last is not None and now < last + REPLAY_PAUSE:
            raise TooManyRequestsError(
                "replay-too-soon",
                "The webhook was sent a moment ago",
                detail="A webhook can be sent again every ten seconds.",
                retry_after=max(1, round((last + REPLAY_PAUSE - now).total_seconds())),
            )
