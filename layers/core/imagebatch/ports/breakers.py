"""Circuit breakers."""

from typing import Protocol

from imagebatch.domain.circuit_breaker import CircuitBreaker


class BreakerStore(Protocol):
    """One circuit breaker per provider and model."""

    def get(self, provider: str, model: str) -> CircuitBreaker:
        """Return its current state; a closed one if nothing is stored."""
        ...

    def save(self, provider: str, model: str, breaker: CircuitBreaker) -> None:
        """Write it with the next version. ConflictError if its version has changed."""
        ...
