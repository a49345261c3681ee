"""Plain records in one DynamoDB table: strongly consistent reads, conditional writes."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.exceptions import ClientError

from imagebatch.adapters.aws import attempts, error_code, translate_errors
from imagebatch.adapters.dynamodb.keys import Key
from imagebatch.domain.errors import ConflictError, UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

type Record = dict[str, Any]

ACTIONS_A_TRANSACTION = 100
"""DynamoDB's limit for TransactWriteItems."""
KEYS_A_READ = 100
"""DynamoDB's limit for BatchGetItem."""
TRIES = 8
"""Attempts of one call while DynamoDB throttles it or reports a conflict."""
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


class ConditionFailedError(ConflictError):
    """Nothing was written; `at` are the 0-based positions of the actions that failed a condition.

    `record` is the stored record after `Table.write`, and empty after `Table.transact`.
    """

    def __init__(self, at: Sequence[int], record: Record | None = None) -> None:
        super().__init__("a record is not as it was read")
        self.at = frozenset(at)
        self.record = record or {}


class Condition(NamedTuple):
    """A DynamoDB condition expression: the attribute `name` is `#name` in it, its value `:name`."""

    text: str
    names: tuple[str, ...] = ()
    values: Mapping[str, Any] = {}

    def arguments(self) -> Record:
        """Return the parameters of a DynamoDB call, with serialized values."""
        arguments: Record = {"ConditionExpression": self.text}
        if self.names:
            arguments["ExpressionAttributeNames"] = {f"#{name}": name for name in self.names}
        if self.values:
            arguments["ExpressionAttributeValues"] = to_dynamodb(
                {f":{name}": value for name, value in self.values.items()}
            )
        return arguments


NEW = Condition("attribute_not_exists(pk)")
"""The record does not exist."""


def unchanged(name: str, value: int) -> Condition:
    """Require that the number in an attribute is still `value`."""
    return Condition(f"#{name} = :{name}", (name,), {name: value})


RANGE = "pk = :pk AND sk BETWEEN :low AND :high"

_serializer, _deserializer = TypeSerializer(), TypeDeserializer()


def to_dynamodb(record: Mapping[str, Any]) -> Record:
    """Return the values as `{"S": "text"}`. TypeError for a float: boto3 accepts only Decimal."""
    return {name: _serializer.serialize(value) for name, value in record.items()}


def from_dynamodb(item: Mapping[str, Any]) -> Record:
    """Return plain values; every number is a Decimal, every binary a `boto3` Binary."""
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def key_of(key: Key) -> Record:
    return to_dynamodb({"pk": key[0], "sk": key[1]})


class Table:
    """Every method raises UnavailableError if the table is throttled or cannot be reached."""

    def __init__(
        self,
        client: "DynamoDBClient",
        name: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.client = client
        self.name = name
        self.sleep = sleep

    def get(self, key: Key) -> Record | None:
        with translate_errors("table"):
            answer = self.client.get_item(TableName=self.name, Key=key_of(key), ConsistentRead=True)
        return from_dynamodb(answer["Item"]) if "Item" in answer else None

    def get_many(self, keys: Sequence[Key]) -> dict[Key, Record]:
        """Return the records that exist, by key. UnavailableError if some stay unprocessed."""
        found: dict[Key, Record] = {}
        request: Any = {self.name: {"Keys": [key_of(k) for k in keys], "ConsistentRead": True}}
        for _ in attempts(TRIES, first=0.05, sleep=self.sleep):
            with translate_errors("table"):
                answer = self.client.batch_get_item(RequestItems=request)
            records = [from_dynamodb(item) for item in answer["Responses"].get(self.name, [])]
            found |= {(record["pk"], record["sk"]): record for record in records}
            request = answer.get("UnprocessedKeys")
            if not request:
                return found
        raise UnavailableError("the table did not return all records")

    def query(
        self,
        partition: str,
        low: str,
        high: str,
        *,
        newest_first: bool = False,
        limit: int | None = None,
    ) -> Iterator[Record]:
        """Yield the records with sort keys from `low` to `high`, inclusive, page by page."""
        arguments: Record = {
            "TableName": self.name,
            "KeyConditionExpression": RANGE,
            "ExpressionAttributeValues": to_dynamodb(
                {":pk": partition, ":low": low, ":high": high}
            ),
            "ConsistentRead": True,
            "ScanIndexForward": not newest_first,
        }
        while limit is None or limit > 0:
            if limit is not None:
                arguments["Limit"] = limit
            with translate_errors("table"):
                answer = self.client.query(**arguments)
            yield from (from_dynamodb(item) for item in answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            arguments["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            limit = None if limit is None else limit - len(answer["Items"])

    def put(
        self, key: Key, record: Record, condition: Condition | None = None
    ) -> "TransactWriteItemTypeDef":
        """Return the action that writes a whole record."""
        item = to_dynamodb({"pk": key[0], "sk": key[1], **record})
        arguments = condition.arguments() if condition else {}
        put: Any = {"TableName": self.name, "Item": item, **arguments}
        return {"Put": put}

    def update(
        self, key: Key, record: Record, remove: Sequence[str], condition: Condition
    ) -> "TransactWriteItemTypeDef":
        """Return the action that sets some attributes, removes others and keeps the rest."""
        arguments = condition.arguments()
        names = {f"#{name}": name for name in (*record, *remove)}
        values = to_dynamodb({f":new_{name}": value for name, value in record.items()})
        arguments.setdefault("ExpressionAttributeNames", {}).update(names)
        arguments.setdefault("ExpressionAttributeValues", {}).update(values)
        text = "SET " + ", ".join(f"#{name} = :new_{name}" for name in record)
        if remove:
            text += " REMOVE " + ", ".join(f"#{name}" for name in remove)
        update: Any = {
            "TableName": self.name,
            "Key": key_of(key),
            "UpdateExpression": text,
            **arguments,
        }
        return {"Update": update}

    def add(
        self,
        key: Key,
        amounts: Mapping[str, Any],
        record: Record,
        condition: Condition | None = None,
    ) -> "TransactWriteItemTypeDef":
        """Return the action that adds to numbers, missing ones being 0, and sets attributes."""
        arguments = condition.arguments() if condition else {}
        names = {f"#{name}": name for name in (*amounts, *record)}
        values = to_dynamodb(
            {f":new_{name}": value for name, value in {**amounts, **record}.items()}
        )
        arguments.setdefault("ExpressionAttributeNames", {}).update(names)
        arguments.setdefault("ExpressionAttributeValues", {}).update(values)
        text = "ADD " + ", ".join(f"#{name} :new_{name}" for name in amounts)
        if record:
            text += " SET " + ", ".join(f"#{name} = :new_{name}" for name in record)
        update: Any = {
            "TableName": self.name,
            "Key": key_of(key),
            "UpdateExpression": text,
            **arguments,
        }
        return {"Update": update}

    def delete(self, key: Key, condition: Condition | None = None) -> "TransactWriteItemTypeDef":
        arguments = condition.arguments() if condition else {}
        delete: Any = {"TableName": self.name, "Key": key_of(key), **arguments}
        return {"Delete": delete}

    def write(self, action: "TransactWriteItemTypeDef") -> None:
        """Execute one update, at half the write units of a transaction. Errors as in `transact`.

        UpdateItem has no idempotency token. If the condition failed and the record already has the
        new values, an earlier attempt wrote them and its response was lost: this is a success.
        """
        update: Any = action["Update"] | {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        for _ in attempts(TRIES, first=0.02, sleep=self.sleep):
            try:
                with translate_errors("table"):
                    self.client.update_item(**update)
            except ClientError as error:
                if error_code(error) == "ConditionalCheckFailedException":
                    if _is_written(update, error.response):
                        return
                    there: Any = error.response.get("Item", {})
                    raise ConditionFailedError([0], from_dynamodb(there)) from error
                if error_code(error) != "TransactionConflictException":
                    raise
            else:
                return
        raise ConflictError("other transactions wrote the same record at each attempt")

    def transact(
        self, actions: Sequence["TransactWriteItemTypeDef"], *, versioned: int = 0
    ) -> None:
        """Execute all of at most `ACTIONS_A_TRANSACTION` actions, or none.

        Conflicts and throttling are retried up to `TRIES` times with one ClientRequestToken, which
        DynamoDB recognizes for 10 minutes: a request is not executed twice if its response is lost.

        The first `versioned` actions replace records at the version that was read. If one of these
        conflicts or is throttled, the record is likely to change before a retry, which would fail
        and be billed: ConflictError is raised at once.

        ConditionFailedError if a condition failed; ConflictError or UnavailableError if the retries
        are used up.
        """
        token = uuid4().hex
        codes: list[str] = []
        for _ in attempts(TRIES, first=0.02, sleep=self.sleep):
            try:
                with translate_errors("table"):
                    self.client.transact_write_items(
                        TransactItems=actions, ClientRequestToken=token
                    )
            except ClientError as error:
                codes = _passing_codes(error)
                if _PASSING.intersection(codes[:versioned]):
                    raise ConflictError("the records may change before this write") from error
            else:
                return
        if "TransactionConflict" in codes:
            raise ConflictError("other transactions wrote the same records at each attempt")
        raise UnavailableError("the table is throttled")


def _is_written(update: Record, response: Any) -> bool:
    """Whether the record that failed the condition has every value that the update sets."""
    there, values = response.get("Item", {}), update["ExpressionAttributeValues"]
    return bool(there) and all(
        there.get(name.removeprefix(":new_")) == value
        for name, value in values.items()
        if name.startswith(":new_")
    )


def _passing_codes(error: ClientError) -> list[str]:
    """Return the cancellation code of each action; raise if a retry cannot succeed."""
    if error_code(error) != "TransactionCanceledException":
        raise error
    response: Mapping[str, Any] = error.response
    codes = [reason.get("Code", "None") for reason in response.get("CancellationReasons", ())]
    failed = [at for at, code in enumerate(codes) if code == "ConditionalCheckFailed"]
    if failed:
        raise ConditionFailedError(failed) from error
    reasons = set(codes) - {"None"}
    if not reasons or not reasons <= _PASSING:
        raise error
    return codes
