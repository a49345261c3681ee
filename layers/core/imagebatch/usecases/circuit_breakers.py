"""Checks and updates the circuit breakers, whatever others write to them at the same time."""

from collections.abc import Callable
from datetime import datetime, timedelta

from imagebatch.domain.circuit_breaker import CircuitBreaker
from imagebatch.domain.errors import ConflictError, UnavailableError
from imagebatch.ports.breakers import BreakerStore
from imagebatch.ports.clock import Clock
from imagebatch.ports.telemetry import Telemetry
from imagebatch.structs import Struct, field

MAX_CONFLICT_RETRIES = 8

type Model = tuple[str, str]
"""A provider, and a model by its ID in the registry."""


class CircuitBreakers(Struct, frozen=True):
    store: BreakerStore
    clock: Clock
    telemetry: Telemetry
    open_for: timedelta
    unsettled: set[Model] = field(default_factory=set)
    """Those that had failed when last read here: for the others, a response changes nothing."""

    def admit(self, model: Model) -> datetime | None:
        """Return None if a create may be made now, otherwise until when none may.

        Half-open, it returns None to exactly one caller. UnavailableError if the table fails.
        """
        for _ in range(MAX_CONFLICT_RETRIES):
            now = self.clock.now()
            breaker = self._read(model)
            refused = breaker.refuses_until(now)
            if refused is not None or breaker.open_until is None:
                return refused
            try:
                self.store.save(*model, breaker.take_probe(now, self.open_for))
            except ConflictError:
                continue
            return None
        return self.clock.now() + self.open_for

    def record_answer(self, model: Model) -> None:
        """The provider responded to a create."""
        if model in self.unsettled:
            self._change(model, CircuitBreaker.record_answer)

    def record_failure(self, model: Model) -> datetime | None:
        """A create ended without a response; return until when the breaker is open, if it is."""
        now = self.clock.now()
        after = self._change(model, lambda breaker: breaker.record_failure(now, self.open_for))
        if after is None or after.open_until is None or after.open_until <= now:
            return None
        self.telemetry.log_event(
            "circuit breaker open", provider=model[0], model=model[1], failures=after.failures
        )
        return after.open_until

    def _read(self, model: Model) -> CircuitBreaker:
        breaker = self.store.get(*model)
        (self.unsettled.discard if breaker.at_rest else self.unsettled.add)(model)
        return breaker

    def _change(
        self, model: Model, move: Callable[[CircuitBreaker], CircuitBreaker]
    ) -> CircuitBreaker | None:
        """Return None if it could not be written: an item's next step must not depend on that."""
        for _ in range(MAX_CONFLICT_RETRIES):
            try:
                after = move(self._read(model))
                self.store.save(*model, after)
            except ConflictError:
                continue
            except UnavailableError:
                return None
            (self.unsettled.discard if after.at_rest else self.unsettled.add)(model)
            return after
        return None
