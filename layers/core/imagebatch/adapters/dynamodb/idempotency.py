"""Idempotency keys in the table: the first request's content, its state and its result."""

import json
import math
import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from imagebatch.adapters.codec import json_text, time_of, time_text
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.table import (
    NEW,
    Condition,
    ConditionFailedError,
    Record,
    Table,
)
from imagebatch.domain.errors import ConflictError
from imagebatch.ports.idempotency import IdempotencyRecord, IdempotencyState, IdempotencyStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_UNANSWERED_FOR = timedelta(days=1)
"""How long a key without a result is kept after its request may be retried."""
_TRIES = 5


class DynamoDBIdempotencyStore(IdempotencyStore):
    """`ports.IdempotencyStore`. An interrupted request is retried under the same resource ID.

    Each write sets a new random `version`, on the condition that the version that was read is
    still stored.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)

    def claim(
        self,
        owner: str,
        key: str,
        content: str,
        resource_id: str,
        now: datetime,
        busy_until: datetime,
    ) -> IdempotencyRecord:
        """ConflictError if other requests wrote the key at each of five attempts."""
        at = keys.idempotency(owner, key)
        for _ in range(_TRIES):
            found = self._table.get(at)
            claim = _judge(found, content, resource_id, now)
            if claim.state is not IdempotencyState.NEW:
                return claim
            record = {
                "content": content,
                "subject": claim.resource_id,
                "busyUntil": time_text(busy_until),
                **_stamp(busy_until + _UNANSWERED_FOR),
            }
            if self._write(self._table.put(at, record, _as_found(found))):
                return claim
        raise ConflictError("other requests wrote the key at each attempt")

    def save_result(self, owner: str, key: str, result: Mapping[str, Any], until: datetime) -> None:
        record = {"answer": json_text(result), **_stamp(until)}
        there = Condition("attribute_exists(pk)")
        self._write(self._table.update(keys.idempotency(owner, key), record, (), there))

    def release(self, owner: str, key: str) -> None:
        unanswered = Condition("attribute_not_exists(#answer)", ("answer",))
        self._write(self._table.delete(keys.idempotency(owner, key), unanswered))

    def _write(self, action: "TransactWriteItemTypeDef") -> bool:
        try:
            self._table.transact([action])
        except ConditionFailedError:
            return False
        return True


def _judge(
    found: Record | None, content: str, resource_id: str, now: datetime
) -> IdempotencyRecord:
    if found is None or time_of(found["expiresAt"]) <= now:
        return IdempotencyRecord(IdempotencyState.NEW, resource_id)
    first = found["subject"]
    if found["content"] != content:
        return IdempotencyRecord(IdempotencyState.OTHER_CONTENT, first)
    if found.get("deleted"):
        return IdempotencyRecord(IdempotencyState.DELETED, first)
    if "answer" in found:
        return IdempotencyRecord(IdempotencyState.DONE, first, json.loads(found["answer"]))
    busy = time_of(found["busyUntil"]) > now
    return IdempotencyRecord(IdempotencyState.IN_PROGRESS if busy else IdempotencyState.NEW, first)


def _as_found(found: Record | None) -> Condition:
    if found is None:
        return NEW
    return Condition("#version = :version", ("version",), {"version": found["version"]})


def _stamp(until: datetime) -> Record:
    return {
        "version": uuid4().hex,
        "expiresAt": time_text(until),
        "ttl": math.ceil(until.timestamp()),
    }
