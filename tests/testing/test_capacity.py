"""The limit of a partition that the bench puts before the emulator."""

from typing import Any

from testing.capacity import PartitionLimit, item_bytes, write_units

KEY = {"pk": {"S": "BATCH#ann#b1"}, "sk": {"S": "BATCH"}}
OTHER = {"pk": {"S": "BATCH#ann#b2"}, "sk": {"S": "BATCH"}}


def transaction(*keys: dict[str, Any]) -> dict[str, Any]:
    return {"TransactItems": [{"Put": {"Item": key}} for key in keys]}


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_partition_takes_its_units_of_a_second() -> None:
    time = Seconds()
    limit = PartitionLimit(4, time)
    one = transaction(KEY)
    assert write_units("TransactWriteItems", one) == 2

    assert [limit.throttles("TransactWriteItems", one) for _ in range(3)] == [[0], [0], [1]]
    time.now = 0.5
    assert [limit.throttles("TransactWriteItems", one) for _ in range(2)] == [[0], [1]]
    time.now = 60
    assert [limit.throttles("TransactWriteItems", one) for _ in range(3)] == [[0], [0], [1]]


def test_a_throttled_transaction_uses_up_nothing() -> None:
    limit = PartitionLimit(4, Seconds())
    limit.throttles("TransactWriteItems", transaction(KEY, KEY))

    both = limit.throttles("TransactWriteItems", transaction(OTHER, KEY))

    assert both == [False, True]
    assert limit.throttles("TransactWriteItems", transaction(OTHER, OTHER)) == [False, False]
    assert limit.throttled == 1


def test_reads_are_never_throttled() -> None:
    limit = PartitionLimit(0, Seconds())
    assert limit.throttles("GetItem", {"Key": KEY}) == []
    assert limit.throttles("Query", {"TableName": "t"}) == []


def test_binary_attribute_is_measured_as_it_is_stored() -> None:
    """A request has it in Base64, the SDK's caller as bytes."""
    sent, given = ({**KEY, "b": {"B": value}} for value in ("AAAA" * 500, bytes(1_500)))
    assert item_bytes(sent) == item_bytes(given) == item_bytes(KEY) + 1 + 1_500
