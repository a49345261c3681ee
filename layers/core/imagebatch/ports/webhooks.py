"""Webhooks to addresses that clients gave."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Protocol


class Receipt(StrEnum):
    """How a webhook ended for good."""

    DELIVERED = "delivered"
    GONE = "gone"
    """The receiver wants no more of them."""
    REFUSED = "refused"
    """The address is none that we call."""


class Webhooks(Protocol):
    """Signed POSTs to addresses that clients gave: Standard Webhooks."""

    def post(self, url: str, message_id: str, body: Mapping[str, Any]) -> Receipt:
        """One try, bounded in time. WebhookDeliveryError when a later one may be answered better.

        `message_id` is the same in every try, so that a receiver knows what it has seen.
        """
        ...
