from datetime import timedelta

import pytest

from imagebatch.adapters.dynamodb.outages import DynamoDBBreakerStore, DynamoDBPredictionLedger
from imagebatch.domain.circuit_breaker import CircuitBreaker
from imagebatch.domain.errors import ConflictError
from imagebatch.ports.breakers import BreakerStore
from imagebatch.ports.prediction_ledger import PredictionLedger
from testing.aws import TABLE, no_sleep
from testing.fakes import InMemoryBreakerStore, InMemoryPredictionLedger
from testing.fakes.system import START

LATER = START + timedelta(days=8)


@pytest.fixture(params=["memory", "dynamodb"])
def breakers(request: pytest.FixtureRequest) -> BreakerStore:
    if request.param == "memory":
        return InMemoryBreakerStore()
    return DynamoDBBreakerStore(request.getfixturevalue("dynamodb"), TABLE, sleep=no_sleep)


@pytest.fixture(params=["memory", "dynamodb"])
def ledger(request: pytest.FixtureRequest) -> PredictionLedger:
    if request.param == "memory":
        return InMemoryPredictionLedger()
    return DynamoDBPredictionLedger(request.getfixturevalue("dynamodb"), TABLE, sleep=no_sleep)


def test_unknown_model_has_a_closed_breaker(breakers: BreakerStore) -> None:
    assert breakers.get("replicate", "a/b").at_rest


@pytest.mark.parametrize("until", [None, LATER])
def test_a_breaker_is_as_it_was_written(breakers: BreakerStore, until: object) -> None:
    breakers.save("replicate", "a/b", CircuitBreaker(3, until))  # type: ignore[arg-type]
    assert breakers.get("replicate", "a/b") == CircuitBreaker(3, until, 1)  # type: ignore[arg-type]
    assert breakers.get("replicate", "a/c").at_rest
    assert breakers.get("fal", "a/b").at_rest


def test_of_two_writers_of_a_breaker_one_wins(breakers: BreakerStore) -> None:
    breakers.save("replicate", "a/b", CircuitBreaker(5, START))
    read = breakers.get("replicate", "a/b")
    breakers.save("replicate", "a/b", read.take_probe(START, timedelta(minutes=1)))
    with pytest.raises(ConflictError):
        breakers.save("replicate", "a/b", read.take_probe(START, timedelta(minutes=2)))
    with pytest.raises(ConflictError):
        breakers.save("replicate", "a/b", CircuitBreaker(1))


def test_a_prediction_is_held_by_one(ledger: PredictionLedger) -> None:
    assert ledger.hold("replicate", "p1", "mine", LATER)
    assert not ledger.hold("replicate", "p1", "another", LATER)
    assert ledger.hold("replicate", "p1", "mine", LATER)
    assert ledger.hold("replicate", "p2", "another", LATER)
    assert ledger.hold("fal", "p1", "another", LATER)


@pytest.mark.slow
def test_holders_of_many_predictions_are_known(ledger: PredictionLedger) -> None:
    held = [f"p{n}" for n in range(101)]
    for each in held:
        ledger.hold("replicate", each, "mine", LATER)
    assert ledger.are_held("replicate", held)
    assert ledger.are_held("replicate", [])
    assert not ledger.are_held("replicate", [*held, "p101"])
    assert not ledger.are_held("fal", held)
