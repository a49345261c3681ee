"""BatchWriteItem: many records without conditions, at half the write units of a transaction."""

from collections.abc import Iterable, Sequence
from itertools import batched
from typing import Any

from imagebatch.adapters.aws import attempts, translate_errors
from imagebatch.adapters.dynamodb.keys import Key
from imagebatch.adapters.dynamodb.table import TRIES, Record, Table, to_dynamodb
from imagebatch.domain.errors import UnavailableError

RECORDS_A_CALL = 25
"""DynamoDB's limit. Even of the largest records (400 KB), a call is below its 16 MB."""


def put_all(table: Table, records: Iterable[tuple[Key, Record]]) -> None:
    """Write whole records. UnavailableError may leave some of them written."""
    puts = (
        {"PutRequest": {"Item": to_dynamodb({"pk": key[0], "sk": key[1], **record})}}
        for key, record in records
    )
    for group in batched(puts, RECORDS_A_CALL, strict=False):
        write_batch(table, group)


def write_batch(table: Table, requests: Sequence[Any]) -> None:
    """Execute at most `RECORDS_A_CALL` put and delete requests.

    What DynamoDB returns as unprocessed is sent again, up to `TRIES` times; then UnavailableError.
    """
    unprocessed: Any = {table.name: requests}
    for _ in attempts(TRIES, first=0.05, sleep=table.sleep):
        with translate_errors("table"):
            answer = table.client.batch_write_item(RequestItems=unprocessed)
        unprocessed = answer.get("UnprocessedItems")
        if not unprocessed:
            return
    raise UnavailableError("the table is throttled")
