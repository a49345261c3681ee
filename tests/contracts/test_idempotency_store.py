from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from imagebatch.adapters.dynamodb import DynamoDBIdempotencyStore
from imagebatch.ports.idempotency import IdempotencyRecord, IdempotencyState, IdempotencyStore
from testing.aws import TABLE, no_sleep
from testing.awsfaults import one_at_a_time
from testing.fakes import InMemoryIdempotencyStore
from testing.fakes.system import START

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
ANSWER = {"jobId": "b1", "total": 3, "estimatedCost": "0.15", "warnings": ["ü"], "ratio": 0.5}


@pytest.fixture(params=["memory", "dynamodb"])
def keys(request: pytest.FixtureRequest) -> IdempotencyStore:
    if request.param == "memory":
        return InMemoryIdempotencyStore()
    client = request.getfixturevalue("dynamodb")
    one_at_a_time(client)
    return DynamoDBIdempotencyStore(client, TABLE, sleep=no_sleep)


def claim(
    keys: IdempotencyStore,
    resource_id: str,
    *,
    key: str = "k1",
    content: str = "c1",
    owner: str = "ann",
    after: timedelta = timedelta(0),
) -> IdempotencyRecord:
    now = START + after
    return keys.claim(owner, key, content, resource_id, now, now + MINUTE)


def test_a_key_is_new_once(keys: IdempotencyStore) -> None:
    assert claim(keys, "s1") == IdempotencyRecord(IdempotencyState.NEW, "s1")
    assert claim(keys, "s2") == IdempotencyRecord(IdempotencyState.IN_PROGRESS, "s1")


def test_an_answered_key_gives_its_answer(keys: IdempotencyStore) -> None:
    claim(keys, "s1")
    keys.save_result("ann", "k1", ANSWER, START + DAY)
    assert claim(keys, "s2") == IdempotencyRecord(IdempotencyState.DONE, "s1", ANSWER)
    assert claim(keys, "s3", after=DAY - MINUTE).state is IdempotencyState.DONE


def test_other_content_under_the_same_key_is_told_apart(keys: IdempotencyStore) -> None:
    claim(keys, "s1")
    assert claim(keys, "s2", content="c2").state is IdempotencyState.OTHER_CONTENT
    keys.save_result("ann", "k1", ANSWER, START + DAY)
    other = claim(keys, "s2", content="c2")
    assert (other.state, other.result) == (IdempotencyState.OTHER_CONTENT, None)


def test_dead_request_is_taken_over_under_its_id(keys: IdempotencyStore) -> None:
    claim(keys, "s1")
    assert claim(keys, "s2", after=MINUTE) == IdempotencyRecord(IdempotencyState.NEW, "s1")
    assert claim(keys, "s3", after=MINUTE) == IdempotencyRecord(IdempotencyState.IN_PROGRESS, "s1")
    assert claim(keys, "s4", after=2 * MINUTE) == IdempotencyRecord(IdempotencyState.NEW, "s1")


def test_a_key_that_expired_is_new_again(keys: IdempotencyStore) -> None:
    claim(keys, "s1")
    keys.save_result("ann", "k1", ANSWER, START + DAY)
    assert claim(keys, "s2", content="c2", after=DAY) == IdempotencyRecord(
        IdempotencyState.NEW, "s2"
    )
    assert claim(keys, "s3", content="c2", after=DAY) == IdempotencyRecord(
        IdempotencyState.IN_PROGRESS, "s2"
    )


def test_unanswered_key_is_kept_a_day(keys: IdempotencyStore) -> None:
    claim(keys, "s1")
    assert claim(keys, "s2", after=DAY) == IdempotencyRecord(IdempotencyState.NEW, "s1")
    assert claim(keys, "s3", after=2 * DAY + 2 * MINUTE) == IdempotencyRecord(
        IdempotencyState.NEW, "s3"
    )


def test_a_released_key_is_forgotten(keys: IdempotencyStore) -> None:
    claim(keys, "s1")
    keys.release("ann", "k1")
    assert claim(keys, "s2", content="c2") == IdempotencyRecord(IdempotencyState.NEW, "s2")
    keys.release("ann", "never claimed")


def test_an_answered_key_cannot_be_released(keys: IdempotencyStore) -> None:
    claim(keys, "s1")
    keys.save_result("ann", "k1", ANSWER, START + DAY)
    keys.release("ann", "k1")
    assert claim(keys, "s2").state is IdempotencyState.DONE


def test_response_for_a_released_key_is_not_stored(keys: IdempotencyStore) -> None:
    claim(keys, "s1")
    keys.release("ann", "k1")
    keys.save_result("ann", "k1", ANSWER, START + DAY)
    assert claim(keys, "s2").state is IdempotencyState.NEW


def test_owners_do_not_share_keys(keys: IdempotencyStore) -> None:
    claim(keys, "s1")
    for owner in ("bob", "ann#k1", "auth0|123"):
        assert claim(keys, "s2", owner=owner).state is IdempotencyState.NEW


@pytest.mark.parametrize("key", ["", "#", "ü" * 3000, "a/b?c=d", "k1 "])
def test_a_key_may_be_any_text(keys: IdempotencyStore, key: str) -> None:
    claim(keys, "s0")
    assert claim(keys, "s1", key=key).state is IdempotencyState.NEW
    assert claim(keys, "s2", key=key) == IdempotencyRecord(IdempotencyState.IN_PROGRESS, "s1")


def test_of_many_at_once_one_gets_the_key(keys: IdempotencyStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        first = list(pool.map(lambda n: claim(keys, f"s{n}"), range(8)))
        later = list(pool.map(lambda n: claim(keys, f"t{n}", after=MINUTE), range(8)))
    assert [c.state for c in first].count(IdempotencyState.NEW) == 1
    assert [c.state for c in later].count(IdempotencyState.NEW) == 1
    assert len({c.resource_id for c in first + later}) == 1
