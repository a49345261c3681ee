"""Reads and sets an owner's accounts on a deployed stack, with administrator permissions."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.table import from_dynamodb, key_of, to_dynamodb

GHOST = "a-ghost"


@dataclass(frozen=True)
class Accounts:
    client: Any
    table: str

    def unfinished(self, owner: str) -> list[str]:
        """Return the IDs of an owner's unfinished batches, as listed in the table."""
        prefix = f"{keys.part(owner)}#"
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk AND begins_with(sk, :sk)",
            ExpressionAttributeValues=to_dynamodb({":pk": keys.UNFINISHED, ":sk": prefix}),
        )
        found = [from_dynamodb(item) for page in pages for item in page["Items"]]
        return [each["batchId"] for each in found if each["batchId"] != GHOST]

    def places(self, owner: str) -> Decimal:
        return self._used(keys.places(owner))

    def money(self, owner: str | None) -> Decimal:
        """Return the spent and reserved amounts in live mode this month."""
        return self._used(keys.ledger("live", month(), owner))

    def set_places(self, owner: str, used: int) -> None:
        self._put(keys.places(owner), {"held": used, "used": used, "version": 1, "owner": owner})

    def set_spent(self, owner: str, spent: Decimal) -> None:
        about = {"owner": owner, "mode": "live", "month": month(), "version": 1}
        money = {"held": 0, "spent": spent, "used": spent}
        self._put(keys.ledger("live", month(), owner), money | about)

    @contextmanager
    def uncorrected(self, owner: str) -> Iterator[None]:
        """Keep the sweeper from correcting accounts, with an unreadable batch."""
        key = keys.unfinished(owner, GHOST)
        self._put(key, {"owner": owner, "batchId": GHOST})
        try:
            yield
        finally:
            self.client.delete_item(TableName=self.table, Key=key_of(key))

    def _used(self, key: keys.Key) -> Decimal:
        found = self.client.get_item(TableName=self.table, Key=key_of(key), ConsistentRead=True)
        return from_dynamodb(found["Item"])["used"] if "Item" in found else Decimal(0)

    def _put(self, key: keys.Key, record: dict[str, Any]) -> None:
        item = to_dynamodb({"pk": key[0], "sk": key[1], **record})
        self.client.put_item(TableName=self.table, Item=item)


def month() -> str:
    return time.strftime("%Y-%m", time.gmtime())
