"""Webhooks to addresses that clients gave."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol


class Receipt(StrEnum):
    """The final result of a webhook."""

    DELIVERED = "delivered"
    GONE = "gone"
    """The receiver unsubscribed."""
    REFUSED = "refused"
    """The URL is not allowed."""


class Webhooks(Protocol):
    """Signed POSTs to URLs from clients: Standard Webhooks."""

    def post(self, url: str, message_id: str, body: Mapping[str, Any]) -> Receipt:
        """Make one attempt, bounded in time. WebhookDeliveryError if a later one may succeed.

        `message_id` is the same in every attempt, so that a receiver can detect duplicates.
        """
        ...
