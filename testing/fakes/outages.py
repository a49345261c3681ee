from collections.abc import Sequence
from copy import replace
from datetime import datetime
from threading import Lock

from imagebatch.domain.circuit_breaker import CircuitBreaker
from imagebatch.domain.errors import ConflictError
from imagebatch.ports.breakers import BreakerStore
from imagebatch.ports.prediction_ledger import PredictionLedger
from testing.fakes.faults import Faults, faulty


class InMemoryBreakerStore(Faults, BreakerStore):
    """`breakers` holds the stored records, by provider and model."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self.breakers: dict[tuple[str, str], CircuitBreaker] = {}

    @faulty
    def get(self, provider: str, model: str) -> CircuitBreaker:
        return self.breakers.get((provider, model), CircuitBreaker())

    @faulty
    def save(self, provider: str, model: str, breaker: CircuitBreaker) -> None:
        with self._lock:
            stored = self.breakers.get((provider, model), CircuitBreaker())
            if stored.version != breaker.version:
                raise ConflictError("the breaker is not as it was read")
            after = replace(breaker, version=breaker.version + 1)
            self.breakers[provider, model] = after


class InMemoryPredictionLedger(Faults, PredictionLedger):
    """`holders` holds the stored records, by provider and prediction."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self.holders: dict[tuple[str, str], str] = {}

    @faulty
    def hold(self, provider: str, prediction_id: str, holder: str, until: datetime) -> bool:
        with self._lock:
            return self.holders.setdefault((provider, prediction_id), holder) == holder

    @faulty
    def are_held(self, provider: str, prediction_ids: Sequence[str]) -> bool:
        return all((provider, each) in self.holders for each in prediction_ids)
