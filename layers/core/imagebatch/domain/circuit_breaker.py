"""Circuit breaker: stops all batches from calling a repeatedly failing model for a while.

There is one breaker per provider and model. It is open until a given time, then half-open: the
first worker that extends that time with a conditional write makes the one trial create. Nothing has
to be released, so a worker that dies leaves the breaker open.
"""

from datetime import datetime, timedelta

from imagebatch.structs import Struct, replace

OPENS_AFTER = 5
"""Consecutive failures, in any batches."""
OPEN_SECONDS = 60.0


class CircuitBreaker(Struct, frozen=True):
    """`open_until` is None while it is closed. `version` counts its writes; 0 means not stored."""

    failures: int = 0
    open_until: datetime | None = None
    version: int = 0

    @property
    def at_rest(self) -> bool:
        return self.failures == 0 and self.open_until is None

    def refuses_until(self, now: datetime) -> datetime | None:
        """Return until when creates are rejected; None if a create is allowed."""
        return self.open_until if self.open_until and self.open_until > now else None

    def take_probe(self, now: datetime, open_for: timedelta) -> "CircuitBreaker":
        """Half-open: allow the one trial create."""
        return replace(self, open_until=now + open_for)

    def record_failure(self, now: datetime, open_for: timedelta) -> "CircuitBreaker":
        failures = self.failures + 1
        opens = failures >= OPENS_AFTER
        return replace(
            self, failures=failures, open_until=now + open_for if opens else self.open_until
        )

    def record_answer(self) -> "CircuitBreaker":
        """The provider responded, whatever the response: reset the failure count."""
        return replace(self, failures=0, open_until=None)
