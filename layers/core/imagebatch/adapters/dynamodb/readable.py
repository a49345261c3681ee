"""Reads of several records that no unreadable one stops: it is reported and left out."""

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
type Name = Callable[[Record], str]


def ignore(_key: str, _reason: str) -> None:
    """A report for nobody."""


def sort_key(record: Record) -> str:
    return str(record["sk"])


def readable[T](
    records: Iterable[Record],
    read: Callable[[Record], T],
    report: Report,
    name: Name = sort_key,
) -> Iterator[tuple[Record, T]]:
    """Each record that can be read, and what is in it.

    `name` is what the report calls a record whose sort key holds its owner.
    """
    for record in records:
        try:
            value = read_record(record, read)
        except UnreadableRecordError as error:
            report(name(record), str(error))
        else:
            yield record, value


def read_record[T](record: Record, read: Callable[[Record], T]) -> T:
    """UnreadableRecordError for an attribute that is missing or is not what it should be."""
    try:
        return read(record)
    except codec.MALFORMED as error:
        raise UnreadableRecordError(f"{type(error).__name__}: {error}") from error


def decoded[T: "DataclassInstance"](
    cls: type[T], records: Iterable[Record], report: Report, name: Name = sort_key
) -> list[T]:
    found = readable(records, lambda record: codec.decode(cls, record), report, name)
    return [value for _, value in found]


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
