"""What operators are told."""

from collections.abc import Sequence
from typing import Any, Protocol

from imagebatch.domain.batch import Batch, Item
from imagebatch.ports.webhooks import Receipt


class Telemetry(Protocol):
    """What operators are told: logs and metrics."""

    def submitted(self, batch: Batch, warnings: Sequence[str]) -> None: ...

    def settled(self, batch: Batch, item: Item) -> None: ...

    def archived(self, batch: Batch, seconds: float) -> None: ...

    def notified(self, batch_id: str, message_id: str, receipt: "Receipt | None") -> None:
        """What became of a webhook in the end; None when no try was answered well."""
        ...

    def unreadable(self, key: str, reason: str) -> None:
        """A stored record could not be read and was skipped."""
        ...

    def overlay_ignored(self, key: str, reason: str) -> None:
        """The stack's overlay of the model registry is invalid and does not count."""
        ...

    def model_gone(self, model: str, reason: str) -> None:
        """The provider no longer has a model that the registry calls available."""
        ...

    def budget_nearly_spent(self, scope: str, month: str, percent: int) -> None:
        """Reserved and spent come close to the budget of an owner or of the stack."""
        ...

    def intake_failed(self, reason: str) -> None:
        """A sheet or an upload could not be taken; it is tried again."""
        ...

    def log_event(self, event: str, **facts: Any) -> None: ...
