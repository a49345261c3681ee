"""Lists that one unreadable record does not stop: it is reported and left out."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb.table import Record
from imagebatch.domain.errors import UnreadableRecordError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

type Report = Callable[[str, str], None]
"""Told which record cannot be read, without its owner, and why."""


def ignore(_key: str, _reason: str) -> None:
    """A report for nobody."""


def readable[T](
    records: Iterable[Record], read: Callable[[Record], T], report: Report
) -> Iterator[tuple[Record, T]]:
    """Each record that can be read, and what is in it."""
    for record in records:
        try:
            yield record, read(record)
        except UnreadableRecordError as error:
            report(record["sk"], str(error))


def decoded[T: "DataclassInstance"](
    cls: type[T], records: Iterable[Record], report: Report
) -> list[T]:
    return [value for _, value in readable(records, lambda r: codec.decode(cls, r), report)]


def first_decoded[T: "DataclassInstance"](
    cls: type[T], query: Callable[[int | None], Iterator[Record]], limit: int, report: Report
) -> list[T]:
    """The first `limit` records that can be read; it reads on where some of them cannot be."""
    records = list(query(limit))
    found = decoded(cls, records, report)
    if len(found) < len(records) == limit:
        rest = readable(query(None), lambda record: codec.decode(cls, record), ignore)
        return [value for _, value in islice(rest, limit)]
    return found
