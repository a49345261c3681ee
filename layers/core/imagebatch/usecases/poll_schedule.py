"""When to look at a running prediction: when it can be done, then often."""

import math
from collections import deque
from dataclasses import dataclass, field

BLIND_START = 0.3
"""Where nothing is known yet, the first look comes at this share of the registry's seconds."""
REMEMBERED = 8
SLACK = 1.01
"""The first look comes this much after the quickest of those remembered."""
FINE = 8
"""So many looks lie between the quickest and the slowest of those remembered."""
EVERY = 0.06
"""Looks follow each other at this share of the time waited so far: what it adds to a batch at most.
"""
SHORTEST, LONGEST = 0.05, 4.0


@dataclass(slots=True)
class PollSchedule:
    """How long the last predictions of each model took, by their provider's clock."""

    seen: dict[str, deque[float]] = field(default_factory=dict)

    def observe(self, model: str, seconds: float) -> None:
        """What no clock can have said is not learned."""
        if not 0 <= seconds < math.inf:
            return
        self.seen.setdefault(model, deque(maxlen=REMEMBERED)).append(seconds)

    def next_poll_delay(self, model: str, typical: float, waited: float) -> float:
        """Seconds until the next look at a prediction that has run for `waited` seconds."""
        step = EVERY * waited
        seen = self.seen.get(model)
        if seen is None:
            start = BLIND_START * typical
        else:
            # Capped: a model that had to be started once must not put off all that follow.
            start = min(SLACK * min(seen), typical)
            if waited <= SLACK * max(seen):
                step = min(step, (max(seen) - min(seen)) / FINE)
        if waited < start:
            return start - waited
        return min(LONGEST, max(SHORTEST, step))
