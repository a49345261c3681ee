"""The catalog in the table: each variant by its ID, and again in the order of products."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import batched, islice
from typing import TYPE_CHECKING

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.listing import cursor_sort, cursor_text
from imagebatch.adapters.dynamodb.readable import Report, decoded, ignore, readable
from imagebatch.adapters.dynamodb.table import (
    ACTIONS_A_TRANSACTION,
    KEYS_A_READ,
    NEW,
    Condition,
    ConditionFailedError,
    Record,
    Table,
)
from imagebatch.domain.errors import ConflictError
from imagebatch.intake.catalog import Variant
from imagebatch.ports.catalog import CatalogStore
from imagebatch.ports.page import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_SORT = re.compile(r"PRODUCT#\d{16}#\d{16}", re.ASCII)
_ACTIONS_A_VARIANT = 3
_TRIES = 5


class DynamoDBCatalogStore(CatalogStore):
    """`ports.CatalogStore`.

    Both records of a variant are written in one transaction, conditional on the product it was in
    when it was read, so the product order never contains it twice.
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

    def upsert(self, owner: str, variants: Sequence[Variant]) -> int:
        size = ACTIONS_A_TRANSACTION // _ACTIONS_A_VARIANT
        return sum(self._write(owner, group) for group in batched(variants, size, strict=False))

    def get_many(self, owner: str, variant_ids: Sequence[int]) -> Mapping[int, Variant]:
        records = self._records(owner, variant_ids).values()
        return {v.id: v for v in decoded(Variant, records, self._report)}

    def delete(self, owner: str, variant_id: int) -> None:
        partition = keys.catalog_partition(owner)
        for _ in range(_TRIES):
            found = self._records(owner, [variant_id]).get(variant_id)
            if found is None:
                return
            actions = [
                self._table.delete((partition, keys.variant_sort(variant_id)), _as_read(found)),
                *self._off_product(found, variant_id),
            ]
            try:
                self._table.transact(actions)
            except ConditionFailedError:
                continue  # another import has moved it: read again
            return
        raise ConflictError("others changed the variant each time")

    def list_variants(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        keep: Callable[[Variant], bool] = lambda _: True,
    ) -> Page[Variant]:
        after = cursor_sort(owner, cursor, _SORT) if cursor else None
        rows = ((sort, v) for sort, v in self._in_order(owner, after) if keep(v))
        found = list(islice(rows, limit + 1))
        more = len(found) > limit
        variants = [variant for _, variant in found[:limit]]
        return Page(variants, cursor_text(owner, found[limit - 1][0]) if more else None)

    def _in_order(self, owner: str, after: str | None) -> Iterator[tuple[str, Variant]]:
        partition = keys.catalog_partition(owner)
        found = self._table.query(partition, after or "PRODUCT#", "PRODUCT#~")
        new = (record for record in found if record["sk"] != after)
        for record, variant in readable(new, _variant, self._report):
            yield record["sk"], variant

    def _write(self, owner: str, variants: Sequence[Variant]) -> int:
        """Return how many of the group are new."""
        for _ in range(_TRIES):
            before = self._records(owner, [variant.id for variant in variants])
            try:
                self._table.transact(
                    [
                        action
                        for variant in variants
                        for action in self._actions(owner, variant, before.get(variant.id))
                    ]
                )
            except ConditionFailedError:
                continue  # another import has moved one of them: read again
            return len(variants) - len(before)
        raise ConflictError("others changed the same variants each time")

    def _actions(
        self, owner: str, variant: Variant, before: Record | None
    ) -> Iterator["TransactWriteItemTypeDef"]:
        partition = keys.catalog_partition(owner)
        record: Record = codec.encode(variant)
        as_read = NEW if before is None else _as_read(before)
        yield self._table.put((partition, keys.variant_sort(variant.id)), record, as_read)
        place = keys.product_sort(variant.product_id, variant.id)
        yield self._table.put((partition, place), record)
        if before is not None and before.get("productId") != variant.product_id:
            yield from self._off_product(before, variant.id)

    def _off_product(self, record: Record, variant_id: int) -> Iterator["TransactWriteItemTypeDef"]:
        if isinstance(product := record.get("productId"), Decimal):
            yield self._table.delete((record["pk"], keys.product_sort(int(product), variant_id)))

    def _records(self, owner: str, variant_ids: Sequence[int]) -> dict[int, Record]:
        """As stored: unreadable records can be replaced and removed."""
        partition = keys.catalog_partition(owner)
        found: dict[int, Record] = {}
        for group in batched(dict.fromkeys(variant_ids), KEYS_A_READ, strict=False):
            wanted = {(partition, keys.variant_sort(each)): each for each in group}
            records = self._table.get_many(list(wanted))
            found |= {wanted[key]: record for key, record in records.items()}
        return found


def _variant(record: Record) -> Variant:
    return codec.decode(Variant, record)


def _as_read(record: Record) -> Condition:
    """In the product it was in."""
    if "productId" not in record:
        return Condition("attribute_not_exists(#productId)", ("productId",))
    values = {"productId": record["productId"]}
    return Condition("#productId = :productId", ("productId",), values)
