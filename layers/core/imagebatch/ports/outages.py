"""What all batches know together of the providers: who fails, and whose each prediction is."""

from datetime import datetime
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


class PredictionLedger(Protocol):
    """Whose each prediction is, so that one serves one item."""

    def hold(self, provider: str, prediction_id: str, holder: str, until: datetime) -> bool:
        """Takes a prediction for `holder`; true when it is theirs, now or already.

        The record may be forgotten after `until`.
        """
        ...
