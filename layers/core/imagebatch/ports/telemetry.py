"""Logs and metrics for operators."""

from collections.abc import Sequence
from typing import Any, Protocol

from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import Account
from imagebatch.domain.item import Item
from imagebatch.ports.webhooks import Receipt


class Telemetry(Protocol):
    """Logs and metrics for operators."""

    def submitted(self, batch: Batch, warnings: Sequence[str]) -> None: ...

    def settled(self, batch: Batch, item: Item) -> None: ...

    def archived(self, batch: Batch, seconds: float) -> None: ...

    def notified(self, batch_id: str, message_id: str, receipt: "Receipt | None") -> None:
        """The final result of a webhook; None if no attempt succeeded."""
        ...

    def unreadable(self, key: str, reason: str) -> None:
        """A stored record could not be read and was skipped."""
        ...

    def overlay_ignored(self, key: str, reason: str) -> None:
        """The stack's overlay of the model registry is invalid and ignored."""
        ...

    def model_gone(self, model: str, reason: str) -> None:
        """The provider no longer has a model that the registry lists as available."""
        ...

    def budget_nearly_spent(self, scope: str, month: str, percent: int) -> None:
        """Reserved and spent amounts are close to the budget of an owner or of the stack."""
        ...

    def intake_failed(self, reason: str) -> None:
        """A sheet or an upload could not be processed; it will be retried."""
        ...

    def batch_repaired(self, batch: Batch) -> None:
        """The sweeper resumed a stalled batch."""
        ...

    def account_corrected(self, account: Account) -> None:
        """The sweeper made an account agree with the batches that reserve something in it."""
        ...

    def log_event(self, event: str, **facts: Any) -> None: ...
