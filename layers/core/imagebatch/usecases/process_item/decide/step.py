"""What one delivery may do, and what a decision is made of."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch, Item, Lease
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.fallback import STANDARD_POLICY, OutagePolicy
from imagebatch.usecases.process_item.effects import Effect

RESUME_SECONDS = 2.0
ASK_AGAIN_SECONDS = 60.0
"""While a provider does not answer, the dead-letter function asks for its output so often."""
CANCEL_GRACE = timedelta(seconds=10)
"""How long a prediction that was told to stop may take to do so."""
COLLECT_GRACE = timedelta(minutes=10)
"""How long after its deadline a finished image that cannot be downloaded now is still asked for."""
CANCELLED_COLLECT_GRACE = timedelta(minutes=1)
"""The same after a cancel."""
MAX_THROTTLED = timedelta(hours=6)
"""How long a provider may answer nothing but 429 before the round is given up."""

UNAVAILABLE = Failure.of(
    FailureCode.PROVIDER_UNAVAILABLE, "The provider has been unavailable for too long"
)
LOST_ANSWER = Failure.of(
    FailureCode.PROVIDER_UNAVAILABLE, "The provider's answers were lost; nothing could be collected"
)
DEADLINE = Failure.of(
    FailureCode.DEADLINE_EXCEEDED, "The image was not ready within the time allowed for one item"
)
BUDGET = Failure.of(
    FailureCode.BUDGET_EXHAUSTED, "Not generated: the batch's maximum cost would have been exceeded"
)
THROTTLED = Failure.of(
    FailureCode.PROVIDER_RATE_LIMITED, "The provider rate-limited every request for six hours"
)
STOPPED = Failure.of(FailureCode.PROVIDER_UNAVAILABLE, "The provider cancelled the prediction")
NO_REASON = Failure.of(FailureCode.PROVIDER_REJECTED, "The provider failed and gave no reason")
CRASHED = Failure.of(
    FailureCode.CRASHED, "Internal error: the item failed repeatedly and was abandoned"
)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of an item's message, and what it may do.

    `window` is how many messages of the batch may be in the queue. The dead-letter function has a
    delivery that `may_create` nothing: it collects what was paid for and settles the item.
    """

    round: int
    lease: Lease
    time_limit: timedelta
    window: int
    create_until: datetime
    """A create that the end of the invocation cuts off may be paid for: later, none is begun."""
    poll_until: datetime
    may_create: bool = True
    policy: OutagePolicy = STANDARD_POLICY


@dataclass(frozen=True, slots=True)
class Step:
    """Both records as they are to be stored, and what to do once they are."""

    batch: Batch
    item: Item
    effects: Sequence[Effect] = field(default=())
    if_not_stored: Effect | None = None
    """What to do when they could not be stored: somebody else was quicker, or the table fails."""
