"""What DynamoDB does that no fake can: conflicts, throttling, answers lost on the way."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from string import ascii_letters
from typing import Any

import pytest
from botocore.exceptions import ClientError

from imagebatch.adapters.dynamodb import DynamoDBBatchStore, DynamoDBIdempotencyStore, keys
from imagebatch.adapters.dynamodb.table import key_of
from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import Account, AccountEntry
from imagebatch.domain.errors import ConflictError, Limit, UnavailableError, UnreadableRecordError
from imagebatch.ports.idempotency import IdempotencyState
from testing.aws import TABLE, no_sleep
from testing.awsfaults import (
    cancel_transaction,
    event,
    leave_unprocessed,
    lose_answer,
    refuse,
)
from testing.fakes.system import START
from testing.records import a_batch, an_item, change_batch, some_items


@pytest.fixture
def store(dynamodb: Any) -> DynamoDBBatchStore:
    return DynamoDBBatchStore(dynamodb, TABLE, sleep=no_sleep)


@pytest.fixture
def batch(store: DynamoDBBatchStore) -> Batch:
    batch = a_batch()
    store.create(batch)
    store.add_items("ann", "b1", some_items(3))
    return batch


def sent_tokens(client: Any) -> list[str]:
    tokens: list[str] = []

    def keep(params: Any, **_: Any) -> None:
        tokens.append(params["ClientRequestToken"])

    client.meta.events.register(event(client, "before-parameter-build", "TransactWriteItems"), keep)
    return tokens


def test_account_conflict_is_retried_with_one_token(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    tokens = sent_tokens(dynamodb)
    records = ["None"] * 6
    fired = cancel_transaction(dynamodb, *records, "TransactionConflict", times=3)
    after, _ = store.commit(
        batch, entries=[AccountEntry(Account("ann"), Limit.ACTIVE_BATCHES, Decimal(1))]
    )
    assert fired.count == 3
    assert store.get("ann", "b1") == after
    assert len(tokens) == 4
    assert len(set(tokens)) == 1


@pytest.mark.parametrize("at", [0, 1])
def test_a_collision_at_a_versioned_record_is_a_conflict(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch, at: int
) -> None:
    """The other transaction has changed the record, so a second try would be billed for nothing."""
    fired = cancel_transaction(dynamodb, *["None"] * at, "TransactionConflict", times=100)
    with pytest.raises(ConflictError):
        store.commit(batch, an_item(0))
    assert fired.count == 1
    assert store.get("ann", "b1") == batch


def test_failed_condition_with_a_conflict_is_not_retried(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    fired = cancel_transaction(
        dynamodb, "ConditionalCheckFailed", "TransactionConflict", "None", times=100
    )
    with pytest.raises(ConflictError):
        store.commit(batch, an_item(0))
    assert fired.count == 1


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_table_that_stays_throttled_is_unavailable(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch, code: str
) -> None:
    cancel_transaction(dynamodb, code, "None", times=100)
    with pytest.raises(UnavailableError):
        store.put_round(batch.owner, batch.id, 1, [0, 1, 2])


def test_records_that_stay_unprocessed_are_unavailable(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    left = leave_unprocessed(dynamodb, times=100)
    with pytest.raises(UnavailableError):
        store.add_items(batch.owner, batch.id, some_items(6))
    assert 1 < left.count < 100


def test_unprocessed_records_are_written_again(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    left = leave_unprocessed(dynamodb, times=3)
    store.add_items(batch.owner, batch.id, some_items(60))
    assert left.count == 3
    assert list(store.items("ann", "b1")) == some_items(60)


@pytest.mark.parametrize("code", ["ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_throttled_commit_reads_its_records_again(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch, code: str
) -> None:
    """Others change them while it waits: its second try would be billed for nothing."""
    fired = cancel_transaction(dynamodb, code, "None", times=100)
    with pytest.raises(ConflictError):
        store.commit(batch, an_item(0))
    assert fired.count == 1


def test_impossible_transaction_is_a_client_error(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    fired = cancel_transaction(dynamodb, "ValidationError", "None", times=100)
    with pytest.raises(ClientError):
        store.commit(batch)
    assert fired.count == 1


def test_commit_with_lost_response_is_written_once(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    fired = lose_answer(dynamodb, "TransactWriteItems")
    after, item = store.commit(change_batch(batch, enqueued_count=1), an_item(0))
    assert fired.count == 1
    assert store.get("ann", "b1") == after
    assert store.get_item("ann", "b1", 0) == item
    assert [c.seq for c in store.changes("ann", "b1", 0, 10)] == [1]


def test_item_write_with_lost_response_succeeds(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    fired = lose_answer(dynamodb, "UpdateItem")
    saved = store.save_item("ann", "b1", an_item(0, prediction="p1"))
    assert fired.count == 1
    assert store.get_item("ann", "b1", 0) == saved


def test_batch_create_with_lost_response_succeeds(dynamodb: Any, store: DynamoDBBatchStore) -> None:
    fired = lose_answer(dynamodb, "TransactWriteItems")
    store.create(a_batch())
    assert fired.count == 1
    assert store.get("ann", "b1") == a_batch()


def test_key_claim_with_lost_response_succeeds(dynamodb: Any) -> None:
    keys = DynamoDBIdempotencyStore(dynamodb, TABLE, sleep=no_sleep)
    fired = lose_answer(dynamodb, "TransactWriteItems")
    claim = keys.claim("ann", "k", "c", "s1", START, START + timedelta(minutes=1))
    assert fired.count == 1
    assert claim.state is IdempotencyState.NEW


def test_what_every_image_needs_is_read_once(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    store.put_round("ann", "b1", 1, range(600))
    requests: list[str] = []
    dynamodb.meta.events.register("before-call.dynamodb", lambda model, **_: requests.append(model))
    assert store.find("ann", "b1", 0) == (batch, store.get_item("ann", "b1", 0))
    assert len(requests) == 2
    for position in (0, 499, 1, 500, 599, 2):
        assert store.round_entry("ann", "b1", 1, position) == position
    assert store.round_entry("ann", "b1", 1, 600) is None
    assert len(requests) == 2 + 2


@pytest.mark.parametrize(
    "operation", ["Query", "BatchGetItem", "BatchWriteItem", "TransactWriteItems", "UpdateItem"]
)
def test_a_table_that_does_not_answer_is_unavailable(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch, operation: str
) -> None:
    calls: dict[str, Callable[[], object]] = {
        "Query": lambda: list(store.items("ann", "b1")),
        "BatchGetItem": lambda: store.round_entry("ann", "b1", 1, 0),
        "BatchWriteItem": lambda: store.add_items("ann", "b1", some_items(3)),
        "TransactWriteItems": lambda: store.commit(batch),
        "UpdateItem": lambda: store.save_item("ann", "b1", an_item(0)),
    }
    fired = refuse(dynamodb, operation, "InternalServerError", status=500)
    with pytest.raises(UnavailableError):
        calls[operation]()
    assert fired.count == 1


def test_missing_permission_is_raised_unchanged(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    refuse(dynamodb, "BatchGetItem", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        store.get("ann", "b1")


def test_unprocessed_keys_are_read_again(dynamodb: Any, store: DynamoDBBatchStore) -> None:
    for n in range(4):
        store.create(a_batch(f"b{n}", created_at=START + timedelta(seconds=n)))
    asked: list[int] = []

    def halve(parsed: Any, **_: Any) -> None:
        found = parsed["Responses"][TABLE]
        asked.append(len(found))
        kept, left = found[: (len(found) + 1) // 2], found[(len(found) + 1) // 2 :]
        keys = [{"pk": each["pk"], "sk": each["sk"]} for each in left]
        parsed["Responses"][TABLE] = kept
        parsed["UnprocessedKeys"] = {TABLE: {"Keys": keys}} if keys else {}

    dynamodb.meta.events.register(event(dynamodb, "after-call", "BatchGetItem"), halve)
    listed = store.list_batches("ann", limit=10).items
    assert [b.id for b in listed] == ["b3", "b2", "b1", "b0"]
    assert asked == [12, 6, 3, 1]


def test_batch_records_expire_a_day_after_retention(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    store.put_round("ann", "b1", 1, [0, 1, 2])
    store.commit(batch, an_item(0))
    store.save_item("ann", "b1", an_item(0, version=1, prediction="p1"))
    records = dynamodb.scan(TableName=TABLE)["Items"]
    assert len(records) == 13
    ttl = int((batch.retention_ends_at + timedelta(days=1)).timestamp())
    assert {record["ttl"]["N"] for record in records} == {str(ttl)}


@pytest.mark.slow
def test_longest_items_fit_into_dynamodb_batches(dynamodb: Any, store: DynamoDBBatchStore) -> None:
    store.create(a_batch(size=120))
    sizes: list[int] = []

    def weigh(params: Any, **_: Any) -> None:
        sizes.append(len(params["body"]))

    dynamodb.meta.events.register(event(dynamodb, "before-call", "BatchWriteItem"), weigh)
    random = Random(1)  # noqa: S311 - texts that are hardly compressed
    items = [
        an_item(
            n,
            prompt="".join(map(chr, random.choices(range(0x4E00, 0x9FFF), k=4_000))),
            images=tuple(f"https://example.com/{random.randbytes(1_000).hex()}" for _ in range(4)),
            settings={"brief": "".join(random.choices(ascii_letters, k=30_000))},
        )
        for n in range(120)
    ]
    store.add_items("ann", "b1", items)
    assert sum(sizes) > 4_000_000
    assert max(sizes) < 16_000_000
    assert [i.index for i in store.items("ann", "b1")] == list(range(120))


def test_an_aws_that_cannot_be_reached_is_unavailable() -> None:
    from botocore.exceptions import ConnectTimeoutError, EndpointConnectionError, SSLError

    from imagebatch.adapters.aws import translate_errors

    for error in (EndpointConnectionError, ConnectTimeoutError, SSLError):
        with pytest.raises(UnavailableError), translate_errors("table"):
            raise error(endpoint_url="https://dynamodb.example", error=OSError("refused"))


def test_an_unreadable_record_is_reported_and_stops_no_list(
    dynamodb: Any, store: DynamoDBBatchStore, batch: Batch
) -> None:
    told: list[str] = []
    store = DynamoDBBatchStore(dynamodb, TABLE, report=lambda key, _: told.append(key))
    store.create(a_batch("b2"))
    dynamodb.update_item(
        TableName=TABLE,
        Key=key_of(keys.batch("ann", "b1")),
        UpdateExpression="SET #status = :status",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":status": {"S": "rewinding"}},
    )
    with pytest.raises(UnreadableRecordError):
        store.get("ann", "b1")
    assert [each.id for each in store.list_batches("ann", limit=5).items] == ["b2"]
    assert [each.id for each in store.unfinished_batches()] == ["b2"]
    assert [each.id for each in store.unfinished_batches("ann")] == ["b2"]
    assert told == 3 * ["BATCH b1"]
