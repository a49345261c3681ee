"""Erasures in the table, and all of an owner's records wherever they are (layout: `keys`)."""

import json
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from imagebatch.adapters import codec
from imagebatch.adapters.aws import translate_errors
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.readable import Report, decoded, ignore
from imagebatch.adapters.dynamodb.removal import remove_keys
from imagebatch.adapters.dynamodb.table import (
    NEW,
    ConditionFailedError,
    Record,
    Table,
    from_dynamodb,
    key_of,
)
from imagebatch.domain.erasure import Erasure
from imagebatch.intake.drop_keys import lies_with
from imagebatch.ports.erasure import ErasureStore, OwnedRecords

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

OWNED_PARTITIONS = frozenset(
    {"BATCH", "OWNER", "KEY", "UPLOADS", "TEMPLATES", "CATALOG", "LIBRARY", "FOLDER", "WATCHERS"}
)
"""The first word of partitions whose second word is the owner."""
LISTS = frozenset({keys.UNFINISHED, keys.DELETIONS, keys.PLACES})
"""Partitions whose sort key starts with the owner."""
RECEIPTS = ("ERASE", keys.ERASING)


class DynamoDBErasureStore(ErasureStore):
    """`ports.erasure.ErasureStore`. `default_owner` owns sheets stored directly in the inbox."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        default_owner: str,
        sleep: Callable[[float], None] = time.sleep,
        report: Report = ignore,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)
        self._report = report
        self._default_owner = default_owner

    def start(self, erasure: Erasure) -> Erasure:
        tombstone = keys.erasing(erasure.owner)
        puts = [
            self._table.put(tombstone, {"owner": erasure.owner, "erasure": erasure.id}, NEW),
            self._table.put(keys.erasure(erasure.id), codec.encode(erasure)),
        ]
        try:
            self._table.transact(puts)
        except ConditionFailedError:
            found = self._table.get(tombstone)
            running = self.get(found["erasure"]) if found else None
            return running or self.start(erasure)
        return erasure

    def get(self, erasure_id: str) -> Erasure | None:
        found = self._table.get(keys.erasure(erasure_id))
        return codec.decode(Erasure, found) if found else None

    def is_running(self, owner: str) -> bool:
        return bool(self._table.get_many([keys.erasing(owner)]))

    def running(self) -> Iterator[Erasure]:
        for record in self._table.query(keys.ERASING, "!", "\x7f"):
            found = self._table.get(keys.erasure(record["erasure"]))
            yield from decoded(Erasure, [found] if found else [], self._report, _name_of)

    def save(self, erasure: Erasure) -> None:
        self._table.transact([self._table.put(keys.erasure(erasure.id), codec.encode(erasure))])

    def finish(self, erasure: Erasure) -> None:
        receipt = self._table.put(keys.erasure(erasure.id), codec.encode(erasure))
        self._table.transact([receipt, self._table.delete(keys.erasing(erasure.owner))])

    def owned(self, owner: str, cursor: str) -> OwnedRecords:
        records, after = self._scan(cursor)
        found = [record for record in records if self._is_of(owner, record)]
        return OwnedRecords(
            keys=frozenset((r["pk"], r["sk"]) for r in found),
            uploads=frozenset(r["uploadId"] for r in found if "uploadId" in r),
            batches=frozenset(batch for r in found if (batch := _batch_of(r))),
            spent={_book(r): str(r.get("spent", 0)) for r in found if _is_ledger(r)},
            cursor=after,
        )

    def _scan(self, cursor: str) -> tuple[list[Record], str]:
        """Return a page of the whole table, and the cursor of the next one; empty at the end."""
        arguments: dict[str, Any] = {
            "TableName": self._table.name,
            "ProjectionExpression": "pk, sk, #owner, uploadId, batchId, spent",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ConsistentRead": True,
        }
        if cursor:
            arguments["ExclusiveStartKey"] = key_of(tuple(json.loads(cursor)))
        with translate_errors("table"):
            answer = self._table.client.scan(**arguments)
        last = answer.get("LastEvaluatedKey")
        after = from_dynamodb(last) if last else None
        records = list(map(from_dynamodb, answer["Items"]))
        return records, json.dumps([after["pk"], after["sk"]]) if after else ""

    def remove(self, records: OwnedRecords) -> None:
        remove_keys(self._table, records.keys, lambda: True)

    def _is_of(self, owner: str, record: Record) -> bool:
        """Whole parts of a key are compared, and never a prefix."""
        kind, *parts = record["pk"].split("#")
        first, *_ = record["sk"].split("#")
        wanted = keys.part(owner)
        if kind in RECEIPTS:
            return False
        if kind in OWNED_PARTITIONS:
            return bool(parts) and parts[0] == wanted
        if kind in LISTS:
            return bool(first == wanted)
        if kind == "NAME":
            return lies_with(owner, unquote(parts[0]), self._default_owner)
        return bool(record.get("owner") == owner)


def _batch_of(record: Record) -> str:
    kind, *parts = record["pk"].split("#")
    if kind in {"BATCH", "FOLDER"}:
        return str(parts[1])
    return str(record.get("batchId", ""))


def _is_ledger(record: Record) -> bool:
    return str(record["pk"]).startswith("LEDGER#")


def _book(record: Record) -> str:
    """Its mode and month."""
    _, mode, month = record["pk"].split("#")
    return f"{mode} {month}"


def _name_of(record: Record) -> str:
    return str(record["pk"])
