"""A delivery and its permissions, and the result of a decision."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.fallback import STANDARD_POLICY, OutagePolicy
from imagebatch.domain.item import Item
from imagebatch.domain.item_state import Lease
from imagebatch.structs import Struct, field
from imagebatch.usecases.process_item.effects import Effect

RESUME_SECONDS = 2.0
ASK_AGAIN_SECONDS = 60.0
"""How often the dead-letter function polls for the output while a provider does not respond."""
CANCEL_GRACE = timedelta(seconds=10)
"""Maximum time until a cancelled prediction ends."""
COLLECT_GRACE = timedelta(minutes=10)
"""How long after its deadline a finished image that cannot be downloaded is still requested."""
CANCELLED_COLLECT_GRACE = timedelta(minutes=1)
"""The same after a cancel."""
MAX_THROTTLED = timedelta(hours=6)
"""How long a provider may answer only 429 before the round is aborted."""

UNAVAILABLE = Failure.of(
    FailureCode.PROVIDER_UNAVAILABLE, "The provider has been unavailable for too long"
)
LOST_ANSWER = Failure.of(
    FailureCode.PROVIDER_UNAVAILABLE,
    "The provider's responses were lost; no image could be collected",
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


class Delivery(Struct, frozen=True):
    """One delivery of an item's message, and its permissions.

    `window` is the batch's dispatch window. `may_create` is false for the dead-letter function,
    which only collects paid predictions and settles the item.
    """

    round: int
    lease: Lease
    time_limit: timedelta
    window: int
    create_until: datetime
    """A create that is cut off by the end of the invocation may be billed, so none begins after
    this.
    """
    poll_until: datetime
    may_create: bool = True
    policy: OutagePolicy = STANDARD_POLICY


class Step(Struct, frozen=True):
    """Both records to store, and the effects to perform afterwards."""

    batch: Batch
    item: Item
    effects: Sequence[Effect] = field(default=())
    if_not_stored: Effect | None = None
    """What to do if they could not be stored: another writer was faster, or the table failed."""
