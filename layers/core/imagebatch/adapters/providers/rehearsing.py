"""How the development provider simulates an outcome: as a real provider would, so that everything
after it is unchanged.
"""

from datetime import datetime

from imagebatch.domain.errors import (
    Failure,
    FailureCode,
    ModelUnavailableError,
    ProviderAuthError,
    ProviderUnavailableError,
    RateLimitedError,
)
from imagebatch.domain.rehearsal import LOST, Rehearsal

TRIED_AGAIN = frozenset({FailureCode.PROVIDER_TIMEOUT, FailureCode.PROVIDER_UNAVAILABLE})
STOPPING = frozenset({FailureCode.PROVIDER_AUTH, FailureCode.MODEL_UNAVAILABLE})
"""Nothing else of the round is generated after one of these."""


def rehearse_create(rehearsal: Rehearsal, seconds: float, now: datetime) -> float:
    """Return the duration of the prediction, normally `seconds`; raises the simulated error."""
    fate = rehearsal.fate
    if fate.code in STOPPING:
        raise _closed(fate.code)
    if fate.word == "throttled":
        left = fate.seconds - (now - rehearsal.since).total_seconds()
        if left > 0:
            raise RateLimitedError("Rehearsal: too many requests", left)
    if fate.word == LOST and rehearsal.attempt <= 1:
        raise ProviderUnavailableError("Rehearsal: the answer was lost", maybe_billed=True)
    return float(fate.seconds) if fate.word == "slow" else seconds


def rehearsed_failure(rehearsal: Rehearsal) -> Failure | None:
    """Return how the prediction ends; an output that is not an image succeeds at the provider."""
    code = rehearsal.fate.code
    if code is None or code is FailureCode.INVALID_OUTPUT:
        return None
    return Failure.of(code, f"Rehearsal: {code.value.replace('_', ' ')}")


def _closed(code: FailureCode | None) -> Exception:
    if code is FailureCode.PROVIDER_AUTH:
        return ProviderAuthError("Rehearsal: the key is not valid")
    return ModelUnavailableError("Rehearsal: the model is not available")
