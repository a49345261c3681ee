"""Events about batches for other programs, over the account's event bus."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from imagebatch.domain.statuses import BatchStatus
from imagebatch.structs import Struct

FINISHED_KINDS = {
    BatchStatus.COMPLETED: "BatchCompleted",
    BatchStatus.FAILED: "BatchFailed",
    BatchStatus.CANCELLED: "BatchCancelled",
}
ITEM_SETTLED = "ItemSettled"


class BusEvent(Struct, frozen=True):
    """`detail` has an `id` that is the same each time the event is sent."""

    kind: str
    detail: Mapping[str, Any]


class EventBus(Protocol):
    def put(self, events: Sequence[BusEvent]) -> None:
        """Send all, or raise UnavailableError (some may have been sent)."""
        ...
