from dataclasses import replace
from datetime import timedelta

import pytest

from imagebatch.adapters.dynamodb.shares import DynamoDBShareStore
from imagebatch.domain.shares import Share, hash_of
from imagebatch.ports.shares import ShareStore
from testing.aws import TABLE, no_sleep
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


@pytest.fixture(params=["memory", "dynamodb"])
def shares(request: pytest.FixtureRequest) -> ShareStore:
    if request.param == "memory":
        return InMemoryShareStore()
    return DynamoDBShareStore(request.getfixturevalue("dynamodb"), TABLE, sleep=no_sleep)


def test_a_share_is_found_by_its_id_and_with_its_batch(shares: ShareStore) -> None:
    shares.put(SHARE)
    shares.put(SHARE)
    assert shares.get("s1") == SHARE
    assert shares.of_batch("ann", "b1") == [SHARE]


def test_shares_of_others_are_not_listed(shares: ShareStore) -> None:
    for id_, owner, batch in (("s1", "ann", "b1"), ("s2", "ann", "b2"), ("s3", "bob", "b1")):
        shares.put(replace(SHARE, id=id_, owner=owner, batch_id=batch))
    assert [share.id for share in shares.of_batch("ann", "b1")] == ["s1"]
    assert shares.get("s4") is None


def test_a_share_is_deleted_by_its_owner_alone(shares: ShareStore) -> None:
    shares.put(SHARE)
    shares.delete("bob", "b1", "s1")
    shares.delete("ann", "b2", "s1")
    assert shares.get("s1") == SHARE
    shares.delete("ann", "b1", "s1")
    shares.delete("ann", "b1", "s1")
    assert shares.get("s1") is None
    assert shares.of_batch("ann", "b1") == []
