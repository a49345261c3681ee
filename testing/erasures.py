"""Erasures on a deployed stack, without the minutes that they wait for running work."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from imagebatch.adapters.codec import time_text
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.table import from_dynamodb, key_of, to_dynamodb
from imagebatch.adapters.system import SystemClock

LONG_AGO = timedelta(hours=1)


@dataclass(frozen=True)
class Erasures:
    client: Any
    table: str

    def age(self, owner: str) -> None:
        """Make the owner's erasure, and the deletions of the owner's batches, start an hour ago."""
        aged = [keys.erasure(self._job(owner))]
        aged += [
            (each["pk"], each["sk"])
            for each in self._partition(keys.DELETIONS)
            if each["owner"] == owner
        ]
        started = time_text(SystemClock().now() - LONG_AGO)
        for key in aged:
            self.client.update_item(
                TableName=self.table,
                Key=key_of(key),
                UpdateExpression="SET startedAt = :started",
                ExpressionAttributeValues=to_dynamodb({":started": started}),
                ConditionExpression="attribute_exists(pk)",
            )

    def _job(self, owner: str) -> str:
        [job] = [r["erasure"] for r in self._partition(keys.ERASING) if r["owner"] == owner]
        return str(job)

    def _partition(self, partition: str) -> list[dict[str, Any]]:
        pages = self.client.get_paginator("query").paginate(
            TableName=self.table,
            ConsistentRead=True,
            KeyConditionExpression="pk = :pk",
            ExpressionAttributeValues=to_dynamodb({":pk": partition}),
        )
        return [from_dynamodb(item) for page in pages for item in page["Items"]]
