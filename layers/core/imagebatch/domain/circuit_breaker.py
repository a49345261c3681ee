"""A model that keeps failing is asked for nothing for a while, by any batch.

One breaker a provider and model. It is open until a time; after that it is half-open, and whoever
moves that time on first, under the condition that nothing has changed, makes the one create that
finds out. So nobody has to give anything back: a worker that dies leaves the breaker open.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

OPENS_AFTER = 5
"""Failures in a row, of any batch."""
OPEN_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class CircuitBreaker:
    """`open_until` is None while it is closed. `version` counts its writes; 0 is not stored."""

    failures: int = 0
    open_until: datetime | None = None
    version: int = 0

    @property
    def at_rest(self) -> bool:
        return self.failures == 0 and self.open_until is None

    def refuses_until(self, now: datetime) -> datetime | None:
        """Until when nothing may be created; None where a create is let through."""
        return self.open_until if self.open_until and self.open_until > now else None

    def take_probe(self, now: datetime, open_for: timedelta) -> "CircuitBreaker":
        """Half-open: lets the one create through that is about to be made."""
        return replace(self, open_until=now + open_for)

    def record_failure(self, now: datetime, open_for: timedelta) -> "CircuitBreaker":
        failures = self.failures + 1
        opens = failures >= OPENS_AFTER
        return replace(
            self, failures=failures, open_until=now + open_for if opens else self.open_until
        )

    def record_answer(self) -> "CircuitBreaker":
        """The provider answered, whatever it said: the row of failures is over."""
        return replace(self, failures=0, open_until=None)
