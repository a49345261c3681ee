"""A transaction that fails leaves every record as it was, as AWS and moto itself do."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testing.aws import TABLE, aws_in_memory, create_table
from testing.awsfaults import refuse


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with aws_in_memory() as clients:
        create_table()
        yield clients.dynamodb


def a_key(sort: str) -> dict[str, Any]:
    return {"pk": {"S": "batch"}, "sk": {"S": sort}}


def records(dynamodb: Any) -> dict[str, Any]:
    return {item["sk"]["S"]: item for item in dynamodb.scan(TableName=TABLE)["Items"]}


def test_a_failed_transaction_takes_back_each_kind_of_write(dynamodb: Any) -> None:
    for sort in ("changed", "deleted", "replaced", "there"):
        dynamodb.put_item(TableName=TABLE, Item={**a_key(sort), "tags": {"L": [{"S": "old"}]}})
    before = records(dynamodb)
    named = {"TableName": TABLE}
    writes: list[dict[str, Any]] = [
        {"Put": {**named, "Item": a_key("new")}},
        {"Put": {**named, "Item": a_key("replaced")}},
        {"Delete": {**named, "Key": a_key("deleted")}},
        {
            "Update": {
                **named,
                "Key": a_key("changed"),
                "UpdateExpression": "SET tags[0] = :new",
                "ExpressionAttributeValues": {":new": {"S": "new"}},
            }
        },
    ]
    taken = {**named, "Item": a_key("there"), "ConditionExpression": "attribute_not_exists(pk)"}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException) as raised:
        dynamodb.transact_write_items(TransactItems=[*writes, {"Put": taken}])
    codes = [reason["Code"] for reason in raised.value.response["CancellationReasons"]]
    assert codes == ["None"] * 4 + ["ConditionalCheckFailed"]
    assert records(dynamodb) == before

    dynamodb.transact_write_items(TransactItems=writes)
    assert records(dynamodb).keys() == before.keys() - {"deleted"} | {"new"}
    assert records(dynamodb)["changed"]["tags"] == {"L": [{"S": "new"}]}


@pytest.mark.parametrize(
    "value",
    [
        {"M": {"a": {"L": [{"N": "1"}, {"BOOL": False}]}, "b": {"NULL": True}}},
        {"B": b"\x00\xff"},
        {"SS": ["a", "b"]},
        {"S": ""},
    ],
)
def test_a_value_of_any_type_is_read_as_written(dynamodb: Any, value: dict[str, Any]) -> None:
    dynamodb.put_item(TableName=TABLE, Item={**a_key("a"), "value": value})
    assert dynamodb.get_item(TableName=TABLE, Key=a_key("a"))["Item"]["value"] == value


def test_an_item_over_400_kilobytes_is_refused(dynamodb: Any) -> None:
    with pytest.raises(ClientError, match="Item size"):
        dynamodb.put_item(TableName=TABLE, Item={**a_key("a"), "text": {"S": "x" * 410_000}})
    assert records(dynamodb) == {}


def test_no_hook_of_a_test_reaches_the_next() -> None:
    with aws_in_memory() as clients:
        refuse(clients.dynamodb, "Scan", "InternalServerError", times=9)
        with pytest.raises(ClientError, match="injected"):
            clients.dynamodb.scan(TableName=TABLE)
    with aws_in_memory() as clients:
        create_table()
        assert records(clients.dynamodb) == {}
