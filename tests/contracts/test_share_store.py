from concurrent.futures import ThreadPoolExecutor
from copy import replace
from datetime import timedelta

import pytest

from imagebatch.adapters.dynamodb.shares import DynamoDBShareStore
from imagebatch.domain.errors import LimitReachedError
from imagebatch.domain.shares import Share, hash_of
from imagebatch.ports.shares import ShareStore
from testing.aws import TABLE, no_sleep
from testing.awsfaults import one_at_a_time
from testing.fakes.shares import InMemoryShareStore
from testing.fakes.system import START

SHARE = Share(
    id="s1",
    owner="ann",
    batch_id="b1",
    token_hash=hash_of("t"),
    created_at=START,
    expires_at=START + timedelta(hours=1),
)

LATER = START + timedelta(hours=2)


@pytest.fixture(params=["memory", "dynamodb"])
def shares(request: pytest.FixtureRequest) -> ShareStore:
    if request.param == "memory":
        return InMemoryShareStore()
    client = request.getfixturevalue("dynamodb")
    one_at_a_time(client)
    return DynamoDBShareStore(client, TABLE, sleep=no_sleep)


def test_share_is_found_by_id_and_by_batch(shares: ShareStore) -> None:
    shares.put(SHARE, limit=3)
    shares.put(SHARE, limit=3)
    assert shares.get("s1") == SHARE
    assert shares.of_batch("ann", "b1") == [SHARE]


def test_shares_of_others_are_not_listed(shares: ShareStore) -> None:
    for id_, owner, batch in (("s1", "ann", "b1"), ("s2", "ann", "b2"), ("s3", "bob", "b1")):
        shares.put(replace(SHARE, id=id_, owner=owner, batch_id=batch), limit=3)
    assert [share.id for share in shares.of_batch("ann", "b1")] == ["s1"]
    assert shares.get("s4") is None


def test_a_share_is_deleted_by_its_owner_alone(shares: ShareStore) -> None:
    shares.put(SHARE, limit=3)
    shares.delete("bob", "b1", "s1")
    shares.delete("ann", "b2", "s1")
    assert shares.get("s1") == SHARE
    shares.delete("ann", "b1", "s1")
    shares.delete("ann", "b1", "s1")
    assert shares.get("s1") is None
    assert shares.of_batch("ann", "b1") == []


def test_expired_and_revoked_shares_make_room(shares: ShareStore) -> None:
    later = replace(SHARE, id="s2", created_at=SHARE.expires_at, expires_at=LATER)
    shares.put(SHARE, limit=1)
    with pytest.raises(LimitReachedError):
        shares.put(replace(SHARE, id="s2"), limit=1)
    shares.put(later, limit=1)
    shares.delete("ann", "b1", "s2")
    shares.put(replace(later, id="s3"), limit=1)


@pytest.mark.slow
def test_limit_holds_for_all_callers_at_once(shares: ShareStore) -> None:
    def make(number: int) -> bool:
        try:
            shares.put(replace(SHARE, id=f"s{number}"), limit=20)
        except LimitReachedError:
            return False
        return True

    with ThreadPoolExecutor(200) as pool:
        made = sum(pool.map(make, range(200)))
    assert made == 20 == len(shares.of_batch("ann", "b1"))
