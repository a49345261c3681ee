"""When to poll a running prediction: first when it may be done, then frequently."""

import math
from collections import deque

from imagebatch.structs import Struct, field

FIRST_POLL_FRACTION = 0.3
"""Without history, the first poll is at this share of the registry's typical seconds."""
MAX_OBSERVATIONS = 8
FIRST_POLL_MARGIN_FRACTION, MAX_FIRST_POLL_MARGIN_SECONDS = 0.0025, 0.005
"""The first poll is due when the fastest recent prediction would have ended, plus this share of its
time, but at most this many seconds.
"""
MIN_STEPS = 8
"""The number of polls between the fastest and the slowest recent prediction."""
LEAD_STEPS = 10
"""Where recent predictions differ, polls begin before the end of the fastest one, by as much as
they differ: one in nine is faster than the last eight. This is the number of these early polls.
"""
STEP_FRACTION, MAX_STEP_FRACTION = 0.02, 0.05
"""The interval between polls, as a share of the time waited so far: the maximum delay added to a
batch. It is the first one for up to 4 workers, the second from 12 on.
"""
STEP_FRACTION_PER_WORKER = 1 / 240
"""Up to 12 workers whose predictions take about 6 s poll less than 50 times a second
then: Replicate allows 3,000 requests a minute (https://replicate.com/docs/topics/predictions/rate-limits).
"""
MIN_DELAY_SECONDS, MAX_DELAY_SECONDS = 0.05, 4.0


class PollSchedule(Struct):
    """The duration of the last predictions of each model, by their provider's clock.

    `workers` poll the same provider.
    """

    workers: int
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
        start, step = self._start_and_step(model, typical, waited)
        if waited < start:
            return start - waited
        return min(MAX_DELAY_SECONDS, max(MIN_DELAY_SECONDS, step))

    def _start_and_step(self, model: str, typical: float, waited: float) -> tuple[float, float]:
        step = self._step_fraction() * waited
        seen = self.seen.get(model)
        if seen is None:
            return FIRST_POLL_FRACTION * typical, step
        # Capped: one cold start of a model must not delay the polls of all later predictions.
        fastest, slowest = min(_with_margin(min(seen)), typical), _with_margin(max(seen))
        spread = max(seen) - min(seen)
        start = max(fastest - spread, FIRST_POLL_FRACTION * fastest)
        if waited < fastest:
            return start, min(fastest - waited, max(step, (fastest - start) / LEAD_STEPS))
        return start, min(step, spread / MIN_STEPS) if waited <= slowest else step

    def _step_fraction(self) -> float:
        fraction = self.workers * STEP_FRACTION_PER_WORKER
        return min(MAX_STEP_FRACTION, max(STEP_FRACTION, fraction))


def _with_margin(seconds: float) -> float:
    return seconds + min(MAX_FIRST_POLL_MARGIN_SECONDS, FIRST_POLL_MARGIN_FRACTION * seconds)
