"""Removes many records, as many as time permits."""

from collections.abc import Iterable, Iterator
from itertools import batched
from typing import Any

from imagebatch.adapters.aws import translate_errors
from imagebatch.adapters.dynamodb.batch_writes import RECORDS_A_CALL, write_batch
from imagebatch.adapters.dynamodb.keys import Key
from imagebatch.adapters.dynamodb.table import Table, from_dynamodb, key_of, to_dynamodb
from imagebatch.ports.deletion import KeepGoing


def keys_in(table: Table, partition: str) -> Iterator[Key]:
    """Return the keys of a partition's records; their content is not transferred."""
    arguments: dict[str, Any] = {
        "TableName": table.name,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": to_dynamodb({":pk": partition}),
        "ProjectionExpression": "pk, sk",
        "ConsistentRead": True,
    }
    while True:
        with translate_errors("table"):
            answer = table.client.query(**arguments)
        for item in answer["Items"]:
            found = from_dynamodb(item)
            yield found["pk"], found["sk"]
        if "LastEvaluatedKey" not in answer:
            return
        arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def remove_partition(table: Table, partition: str, keep_going: KeepGoing) -> bool:
    return remove_keys(table, keys_in(table, partition), keep_going)


def remove_keys(table: Table, keys: Iterable[Key], keep_going: KeepGoing) -> bool:
    """True if all are removed; already removed ones are ignored."""
    for group in batched(keys, RECORDS_A_CALL, strict=False):
        if not keep_going():
            return False
        write_batch(table, [{"DeleteRequest": {"Key": key_of(key)}} for key in group])
    return True
