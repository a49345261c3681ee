"""Reads several records, reporting and skipping unreadable ones."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb.table import Record
from imagebatch.domain.errors import UnreadableRecordError
from imagebatch.structs import Struct

type Report = Callable[[str, str], None]
"""Called with the record that cannot be read, without its owner, and the reason."""
type Name = Callable[[Record], str]


def ignore(_key: str, _reason: str) -> None:
    """A report that is discarded."""


def sort_key(record: Record) -> str:
    return str(record["sk"])


def readable[T](
    records: Iterable[Record],
    read: Callable[[Record], T],
    report: Report,
    name: Name = sort_key,
) -> Iterator[tuple[Record, T]]:
    """Yield each readable record with its content.

    `name` is the record's name in the report if its sort key contains its owner.
    """
    for record in records:
        try:
            value = read_record(record, read)
        except UnreadableRecordError as error:
            report(name(record), str(error))
        else:
            yield record, value


def read_record[T](record: Record, read: Callable[[Record], T]) -> T:
    """UnreadableRecordError for a missing or invalid attribute."""
    try:
        return read(record)
    except codec.MALFORMED as error:
        raise UnreadableRecordError(f"{type(error).__name__}: {error}") from error


def decoded[T: Struct](
    cls: type[T], records: Iterable[Record], report: Report, name: Name = sort_key
) -> list[T]:
    found = readable(records, lambda record: codec.decode(cls, record), report, name)
    return [value for _, value in found]


def first_decoded[T: Struct](
    cls: type[T], query: Callable[[int | None], Iterator[Record]], limit: int, report: Report
) -> list[T]:
    """Return the first `limit` readable records, reading on if some are unreadable."""
    records = list(query(limit))
    found = decoded(cls, records, report)
    if len(found) < len(records) == limit:
        rest = readable(query(None), lambda record: codec.decode(cls, record), ignore)
        return [value for _, value in islice(rest, limit)]
    return found
