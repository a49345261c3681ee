"""One DynamoDB table: plain records in, plain records out, every write a transaction."""

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
BYTES_A_TRANSACTION = 3_500_000
"""DynamoDB accepts 4 MB, by its own way of counting."""
KEYS_A_READ = 100
TRIES = 8
_PASSING = {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}


class ConditionFailedError(ConflictError):
    """A condition failed, so nothing was written; `at` says for which actions.

    `record` is the existing record, if a single write was requested.
    """

    def __init__(self, at: Sequence[int], record: Record | None = None) -> None:
        super().__init__("a record is not as it was read")
        self.at = frozenset(at)
        self.record = record or {}


class Condition(NamedTuple):
    """A condition in DynamoDB's language; attribute names as `#name`, values as `:name`."""

    text: str
    names: tuple[str, ...] = ()
    values: Mapping[str, Any] = {}

    def arguments(self) -> Record:
        arguments: Record = {"ConditionExpression": self.text}
        if self.names:
            arguments["ExpressionAttributeNames"] = {f"#{name}": name for name in self.names}
        if self.values:
            arguments["ExpressionAttributeValues"] = to_dynamodb(
                {f":{name}": value for name, value in self.values.items()}
            )
        return arguments


NEW = Condition("attribute_not_exists(pk)")


def unchanged(name: str, value: int) -> Condition:
    return Condition(f"#{name} = :{name}", (name,), {name: value})


RANGE = "pk = :pk AND sk BETWEEN :low AND :high"

_serializer, _deserializer = TypeSerializer(), TypeDeserializer()


def to_dynamodb(record: Mapping[str, Any]) -> Record:
    return {name: _serializer.serialize(value) for name, value in record.items()}


def from_dynamodb(item: Mapping[str, Any]) -> Record:
    return {name: _deserializer.deserialize(value) for name, value in item.items()}


def key_of(key: Key) -> Record:
    return to_dynamodb({"pk": key[0], "sk": key[1]})


class Table:
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
        """Return those of at most 100 records that exist, by their keys."""
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
        """Return the partition's records from `low` to `high`, inclusive, reading page by page."""
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
        item = to_dynamodb({"pk": key[0], "sk": key[1], **record})
        arguments = condition.arguments() if condition else {}
        put: Any = {"TableName": self.name, "Item": item, **arguments}
        return {"Put": put}

    def update(
        self, key: Key, record: Record, remove: Sequence[str], condition: Condition
    ) -> "TransactWriteItemTypeDef":
        """Set the attributes in `record`, remove those in `remove`, keep the rest (the TTL)."""
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
        """Add to numbers, which count from 0, and set the attributes in `record`."""
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
        """Write one update at half of a transaction's price; errors are those of `transact`.

        There is no idempotency token here: if the record already has the written values, the write
        was ours and only its response was lost.
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
        raise ConflictError("another transaction was at the same record each time")

    def transact(
        self, actions: Sequence["TransactWriteItemTypeDef"], *, versioned: int = 0
    ) -> None:
        """Writes all or nothing. The token makes a request whose answer was lost the same request.

        The first `versioned` actions write over records as they were read. Another transaction at
        one of these records changes it, and whoever is throttled waits while others change it: then
        trying again would fail, and be billed.

        ConditionFailedError, and ConflictError for those, at once; what collides elsewhere is tried
        again, then ConflictError; a table that is throttled or cannot be reached is
        UnavailableError.
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
            raise ConflictError("another transaction was at the same records each time")
        raise UnavailableError("the table is throttled")


def _is_written(update: Record, response: Any) -> bool:
    """Whether the record in a failed condition has every value that the update sets."""
    there, values = response.get("Item", {}), update["ExpressionAttributeValues"]
    return bool(there) and all(
        there.get(name.removeprefix(":new_")) == value
        for name, value in values.items()
        if name.startswith(":new_")
    )


def _passing_codes(error: ClientError) -> list[str]:
    """Why a transaction was cancelled, by action, where trying it again may help; raises where it
    may not.
    """
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
