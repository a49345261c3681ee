"""An item's state: its status and its current attempt."""

from datetime import datetime
from decimal import Decimal

from imagebatch.domain.images import Image
from imagebatch.domain.money import ZERO
from imagebatch.domain.statuses import ItemStatus
from imagebatch.structs import Struct, replace


class Lease(Struct, frozen=True):
    """Exclusive access of one delivery to an item, until its invocation must have ended."""

    token: str
    until: datetime


class ItemState(Struct, frozen=True, kw_only=True):
    """The state of an item in the round in which it was last claimed.

    An attempt is one create and what follows from it until its outcome is known.
    """

    status: ItemStatus = ItemStatus.PENDING
    round: int = 0
    """The round in which the item was last claimed; 0 before the first claim."""
    attempts: int = 0
    """The number of creates in all rounds."""
    round_attempts: int = 0
    """The number of creates in round `attempts_round`."""
    attempts_round: int = 0

    lease: Lease | None = None
    deadline: datetime | None = None
    create_in_flight: bool = False
    """Set before a create and cleared when its response is stored: if a later delivery finds it
    set, the response was lost.
    """
    create_started_at: datetime | None = None
    prediction: str | None = None
    reserved: Decimal = ZERO
    """The amount committed for a create whose outcome is unknown."""
    model_fixed: bool | None = None
    """Set if this model may have generated an image, so that this round must not use another."""
    failing_since: datetime | None = None
    """The time of the first of its consecutive failed creates."""
    lookup_failing_since: datetime | None = None
    """The time of the first failed lookup of its last create at the provider."""

    started_at: datetime | None = None
    settled_at: datetime | None = None
    """If the item has an image, the time when it was generated."""
    seconds: float | None = None
    unfit_image: Image | None = None
    """The image that made the round stop, stored for inspection."""
    enqueued_positions: tuple[int, ...] = ()
    """The entries of the dispatch list that were enqueued when the item settled
    (dispatch_window.py).
    """

    def attempts_in(self, round_: int) -> int:
        return self.round_attempts if self.attempts_round == round_ else 0

    def is_overdue(self, now: datetime) -> bool:
        return self.deadline is not None and now >= self.deadline

    def claim(self, round_: int, lease: Lease, now: datetime, deadline: datetime) -> "ItemState":
        """What was learned about the models is forgotten when another round begins."""
        continues = self.attempts_round == round_
        return replace(
            self,
            status=ItemStatus.PROCESSING,
            round=round_,
            attempts_round=round_,
            round_attempts=self.attempts_in(round_),
            lease=lease,
            deadline=deadline,
            create_in_flight=False,
            prediction=None,
            model_fixed=self.model_fixed if continues else None,
            failing_since=self.failing_since if continues else None,
            started_at=now,
            seconds=None,
            unfit_image=None,
            enqueued_positions=(),
        )

    def begin_attempt(self, price: Decimal, now: datetime) -> "ItemState":
        """Count a create that is about to be sent, and hold its price."""
        return replace(
            self,
            attempts=self.attempts + 1,
            round_attempts=self.round_attempts + 1,
            create_in_flight=True,
            create_started_at=now,
            lookup_failing_since=None,
            prediction=None,
            reserved=price,
        )

    def record_prediction(self, prediction: str) -> "ItemState":
        return replace(self, prediction=prediction, create_in_flight=False, failing_since=None)

    def record_failed_create(self, now: datetime) -> "ItemState":
        return replace(self, failing_since=self.failing_since or now)

    def record_failed_lookup(self, now: datetime) -> "ItemState":
        return replace(self, lookup_failing_since=self.lookup_failing_since or now)

    def end_attempt(self) -> "ItemState":
        return replace(self, reserved=ZERO, create_in_flight=False, prediction=None)

    def uncount_attempt(self) -> "ItemState":
        return replace(self, attempts=self.attempts - 1, round_attempts=self.round_attempts - 1)
