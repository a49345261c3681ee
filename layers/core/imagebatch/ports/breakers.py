"""Circuit breakers."""

from typing import Protocol

from imagebatch.domain.circuit_breaker import CircuitBreaker


class BreakerStore(Protocol):
    """One circuit breaker a provider and model."""

    def get(self, provider: str, model: str) -> CircuitBreaker:
        """As it is now; a closed one where nothing is stored."""
        ...

    def save(self, provider: str, model: str, breaker: CircuitBreaker) -> None:
        """Writes it with the next version. ConflictError when it is no longer at its version."""
        ...
