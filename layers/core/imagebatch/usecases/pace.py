"""When to look at a running prediction: near its usual end, then often."""

from dataclasses import dataclass, field

BLIND_START = 0.3
"""Where nothing was observed yet, the first look comes at this share of the registry's seconds."""
KNOWN_START = 0.9
EVERY = 0.06
"""Looks follow each other at this share of the time waited so far: what it adds to a batch at most.
"""
SHORTEST, LONGEST = 0.1, 4.0
WEIGHT = 0.3
SOONER = 0.75
"""What the first look finds done took less than that, and nobody knows how much less."""


@dataclass(slots=True)
class Pace:
    """How long each model took lately, as this process saw it."""

    seen: dict[str, float] = field(default_factory=dict)

    def observe(self, model: str, seconds: float, *, looks: int) -> None:
        """Notes that a prediction was found done after so many seconds, at the `looks`-th look."""
        before = self.seen.get(model)
        if before is None:
            self.seen[model] = seconds
        elif looks == 1:
            self.seen[model] = SOONER * min(before, seconds)
        else:
            self.seen[model] = before + WEIGHT * (seconds - before)

    def next_look(self, model: str, typical: float, waited: float) -> float:
        """Seconds until the next look at a prediction that has run for `waited` seconds."""
        usual = self.seen.get(model)
        # Capped: what a look finds done seems to have taken as long as the look was put off.
        start = BLIND_START * typical if usual is None else min(KNOWN_START * usual, typical)
        if waited < start:
            return start - waited
        return min(LONGEST, max(SHORTEST, EVERY * waited))
