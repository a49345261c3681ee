"""The owner's list of batches: newest first, filtered while reading, paginated with a cursor."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator
from itertools import batched, islice

from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.batch_records import batch_of
from imagebatch.adapters.dynamodb.readable import Report, readable
from imagebatch.adapters.dynamodb.table import KEYS_A_READ, Record, Table
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import InvalidRequestError, UnreadableRecordError
from imagebatch.domain.statuses import Kind
from imagebatch.ports.page import Page

BATCHES_A_READ = KEYS_A_READ // 3
_SEAL_LENGTH = 16
_SORT = re.compile(r"BATCH#[0-9TZ:.-]{24}#[\w.~%=-]+", re.ASCII)


def page(
    table: Table,
    owner: str,
    *,
    limit: int,
    cursor: str | None,
    kind: Kind | None,
    keep: Callable[[Batch], bool],
    report: Report,
) -> Page[Batch]:
    after = cursor_sort(owner, cursor) if cursor else None
    rows = _rows(table, owner, after, kind, min(limit + 1, BATCHES_A_READ), report)
    found = list(islice(((sort, b) for sort, b in rows if keep(b)), limit + 1))
    batches = [batch for _, batch in found[:limit]]
    more = len(found) > limit
    return Page(batches, cursor_text(owner, found[limit - 1][0]) if more else None)


def entry(batch: Batch) -> tuple[keys.Key, Record]:
    key = keys.listing_partition(batch.owner), keys.listing_sort(batch.created_at, batch.id)
    return key, {"batchId": batch.id, "kind": batch.kind.value}


def _rows(
    table: Table, owner: str, after: str | None, kind: Kind | None, size: int, report: Report
) -> Iterator[tuple[str, Batch]]:
    """Each batch with its sort key; one read returns a whole page of records."""
    partition = keys.listing_partition(owner)
    entries = table.query(partition, "BATCH#", after or "BATCH#~", newest_first=True)
    found = readable((e for e in entries if e["sk"] != after), _listed, report)
    wanted = ((e["sk"], batch_id) for e, (batch_id, of_kind) in found if kind in (None, of_kind))
    for chunk in batched(wanted, size, strict=False):
        yield from _batches(table, owner, chunk, report)


def _batches(
    table: Table, owner: str, chunk: Iterable[tuple[str, str]], report: Report
) -> Iterator[tuple[str, Batch]]:
    """The batches of sort keys and IDs, in one read; unreadable and missing ones are skipped."""
    parts = {sort: keys.batch_parts(owner, batch_id) for sort, batch_id in chunk}
    records = table.get_many([key for each in parts.values() for key in each])
    for sort, of_batch in parts.items():
        try:
            batch = batch_of([records[key] for key in of_batch if key in records])
        except UnreadableRecordError as error:
            report(f"BATCH {sort.rpartition('#')[2]}", str(error))
        else:
            if batch is not None:
                yield sort, batch


def _listed(record: Record) -> tuple[str, str]:
    return record["batchId"], record["kind"]


def cursor_text(owner: str, sort: str) -> str:
    return urlsafe_b64encode(f"{_cursor_checksum(owner, sort)}{sort}".encode()).decode().rstrip("=")


def cursor_sort(owner: str, cursor: str, known: re.Pattern[str] = _SORT) -> str:
    """Return the sort key of a cursor; `known` is the pattern of the list's sort keys."""
    try:
        text = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        text = ""
    seal, sort = text[:_SEAL_LENGTH], text[_SEAL_LENGTH:]
    if not known.fullmatch(sort) or seal != _cursor_checksum(owner, sort):
        raise InvalidRequestError(
            "invalid-cursor",
            "Invalid cursor",
            detail="The cursor was not returned by this list; start again without a cursor.",
        )
    return sort


def _cursor_checksum(owner: str, sort: str) -> str:
    """Ties a cursor to its owner's list; not a secret, because a forged one only moves within that
    list.
    """
    return keys.digest(f"{owner}\n{sort}")[:_SEAL_LENGTH]
