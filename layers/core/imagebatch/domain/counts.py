"""How many items of a batch are in each status."""

from decimal import ROUND_HALF_UP, Decimal

from imagebatch.domain.statuses import ItemStatus
from imagebatch.structs import Struct


class Counts(Struct, frozen=True):
    """How many items are in each status; they always add up to the batch's total."""

    pending: int = 0
    processing: int = 0
    succeeded: int = 0
    failed: int = 0
    cancelled: int = 0

    def __post_init__(self) -> None:
        if min(self.pending, self.processing, self.succeeded, self.failed, self.cancelled) < 0:
            raise ValueError(f"a count below zero: {self}")

    @property
    def total(self) -> int:
        return self.pending + self.processing + self.settled

    @property
    def settled(self) -> int:
        return self.succeeded + self.failed + self.cancelled

    @property
    def unsettled(self) -> int:
        return self.pending + self.processing

    @property
    def percent(self) -> int:
        """Settled of all, half up; 100 only when all are settled."""
        if not self.unsettled:
            return 100
        share = Decimal(100 * self.settled) / self.total
        return min(99, int(share.quantize(Decimal(1), ROUND_HALF_UP)))

    def transfer(self, before: ItemStatus, after: ItemStatus, many: int = 1) -> "Counts":
        counts = {s.value: getattr(self, s.value) for s in ItemStatus}
        counts[before.value] -= many
        counts[after.value] += many
        return Counts(**counts)
