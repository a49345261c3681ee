"""Templates in the table (layout: `keys`): one record each, and one with the owner's count."""

import json
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.readable import Report, ignore, readable
from imagebatch.adapters.dynamodb.table import (
    NEW,
    Condition,
    ConditionFailedError,
    Record,
    Table,
)
from imagebatch.domain.errors import ConflictError, LimitReachedError, UnreadableRecordError
from imagebatch.intake.sheet_templates import SheetTemplate, template_from_json, template_to_json
from imagebatch.ports.templates import TemplateStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_TRIES = 8
_THERE = Condition("attribute_exists(pk)")


class DynamoDBTemplateStore(TemplateStore):
    """`ports.TemplateStore`. The count is written in the transaction that adds or removes a
    template.
    """

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        report: Report = ignore,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)
        self._report = report

    def put(self, owner: str, template: SheetTemplate, *, limit: int) -> bool:
        key = keys.template(owner, template.name)
        record = {"template": json.dumps(template_to_json(template), ensure_ascii=False)}
        for _ in range(_TRIES):
            is_new = self._table.get(key) is None
            condition = NEW if is_new else _THERE
            actions = [self._table.put(key, record, condition)]
            if is_new:
                actions.append(self._counted(owner, 1, limit))
            if self._written(actions):
                return is_new
        raise ConflictError

    def get(self, owner: str, name: str) -> SheetTemplate | None:
        record = self._table.get(keys.template(owner, name))
        return None if record is None else _template(record)

    def delete(self, owner: str, name: str) -> None:
        key = keys.template(owner, name)
        for _ in range(_TRIES):
            if self._table.get(key) is None:
                return
            if self._written([self._table.delete(key, _THERE), self._counted(owner, -1)]):
                return
        raise ConflictError

    def list_templates(self, owner: str) -> Sequence[SheetTemplate]:
        partition = keys.template_partition(owner)
        found = self._table.query(partition, keys.TEMPLATES_FIRST, keys.TEMPLATES_LAST)
        return [template for _, template in readable(found, _template, self._report)]

    def _counted(self, owner: str, by: int, limit: int = 1) -> "TransactWriteItemTypeDef":
        key = keys.template_count(owner)
        found = self._table.get(key)
        count = int(found["count"]) if found else 0
        if by > 0 and count >= limit:
            raise LimitReachedError
        condition = (
            NEW if found is None else Condition("#count = :count", ("count",), {"count": count})
        )
        return self._table.put(key, {"count": max(0, count + by)}, condition)

    def _written(self, actions: Sequence["TransactWriteItemTypeDef"]) -> bool:
        """False if another writer was faster: read everything again."""
        try:
            self._table.transact(actions)
        except ConditionFailedError:
            return False
        return True


def _template(record: Record) -> SheetTemplate:
    try:
        return template_from_json(json.loads(record["template"]))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableRecordError(f"SheetTemplate cannot be read: {error}") from error
