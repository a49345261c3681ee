from collections.abc import Sequence
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import Account
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import ItemStatus
from imagebatch.ports.telemetry import Telemetry
from imagebatch.ports.webhooks import Receipt


class SilentTelemetry(Telemetry):
    def __init__(self) -> None:
        self.settlements: list[tuple[int, ItemStatus]] = []
        self.notes: list[str] = []
        self.receipts: list[tuple[str, Receipt | None]] = []

    def submitted(self, batch: Batch, warnings: Sequence[str]) -> None: ...

    def settled(self, batch: Batch, item: Item) -> None:
        self.settlements.append((item.index, item.status))

    def archived(self, batch: Batch, seconds: float) -> None: ...

    def notified(self, batch_id: str, message_id: str, receipt: Receipt | None) -> None:
        self.receipts.append((message_id, receipt))

    def unreadable(self, key: str, reason: str) -> None:
        self.notes.append(f"unreadable {key}")

    def overlay_ignored(self, key: str, reason: str) -> None:
        self.notes.append(f"ignored {key}")

    def model_gone(self, model: str, reason: str) -> None:
        self.notes.append(f"gone {model}")

    def budget_nearly_spent(self, scope: str, month: str, percent: int) -> None:
        self.notes.append(f"{scope} budget {percent} %")

    def intake_failed(self, reason: str) -> None:
        self.notes.append(reason)

    def batch_repaired(self, batch: Batch) -> None:
        self.notes.append(f"repaired {batch.id}")

    def account_corrected(self, account: Account) -> None:
        self.notes.append(f"corrected {account.month}")

    def log_event(self, event: str, **facts: Any) -> None:
        self.notes.append(event)
