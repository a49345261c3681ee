"""When to poll a running prediction: first when it may be done, then frequently."""

import math
from collections import deque

from imagebatch.structs import Struct, field

FIRST_POLL_FRACTION = 0.3
"""Without history, the first poll is at this share of the registry's typical seconds."""
MAX_OBSERVATIONS = 8
FIRST_POLL_MARGIN_FRACTION, MAX_FIRST_POLL_MARGIN_SECONDS = 0.01, 0.02
"""The first poll is due when the fastest recent prediction would have ended, plus this share of its
time, but at most this many seconds.
"""
MIN_STEPS = 8
"""The number of polls between the fastest and the slowest recent prediction."""
STEP_FRACTION = 0.05
"""The interval between polls, as a share of the time waited so far: the maximum delay added to a
batch.
"""
MIN_DELAY_SECONDS, MAX_DELAY_SECONDS = 0.05, 4.0


class PollSchedule(Struct):
    """The duration of the last predictions of each model, by their provider's clock."""

    seen: dict[str, deque[float]] = field(default_factory=dict)

    def observe(self, model: str, seconds: float) -> None:
        """Ignore impossible durations."""
        if not 0 <= seconds < math.inf:
            return
        self.seen.setdefault(model, deque(maxlen=MAX_OBSERVATIONS)).append(seconds)

    def next_poll_delay(self, model: str, typical: float, waited: float) -> float:
        """Return the seconds until the next poll of a prediction that has run for `waited`
        seconds.
        """
        step = STEP_FRACTION * waited
        seen = self.seen.get(model)
        if seen is None:
            start = FIRST_POLL_FRACTION * typical
        else:
            # Capped: one cold start of a model must not delay the polls of all later predictions.
            start = min(_with_margin(min(seen)), typical)
            if waited <= _with_margin(max(seen)):
                step = min(step, (max(seen) - min(seen)) / MIN_STEPS)
        if waited < start:
            return start - waited
        return min(MAX_DELAY_SECONDS, max(MIN_DELAY_SECONDS, step))


def _with_margin(seconds: float) -> float:
    return seconds + min(MAX_FIRST_POLL_MARGIN_SECONDS, FIRST_POLL_MARGIN_FRACTION * seconds)
