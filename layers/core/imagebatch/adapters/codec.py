"""Converts structs to the values that DynamoDB stores, and back without loss.

    datetime     ISO 8601 UTC text         enumeration  its value
    Decimal      text                      tuple        list
    float        number                    struct       map
    Mapping      JSON text: DynamoDB returns every number as Decimal, JSON keeps int and float

attributes.py declares the attribute of each field. A nested record with names of its own there is
stored in attributes of the outer record instead of in a map. None and empty defaults are omitted.
Unknown attributes are ignored and missing ones take the field's default, so that different versions
of the code can read and write the same records.
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from msgspec import NODEFAULT

from imagebatch.adapters.attributes import NAMES
from imagebatch.adapters.batch_attributes import NestedNames
from imagebatch.domain.errors import UnreadableRecordError
from imagebatch.structs import Struct, fields


def encode(record: Struct, part: NestedNames | None = None) -> dict[str, Any]:
    """Return the record's attributes; with `part`, only those of the fields that it names.

    Values are str, int, bool, Decimal, and lists and dicts of these. ValueError for a datetime
    without a time zone.
    """
    plain: dict[str, Any] = {}
    for spec in _specs(type(record)):
        if part is None or spec.field in part:
            plain |= spec.dump(getattr(record, spec.field))
    return plain


def decode[T: Struct](cls: type[T], plain: Mapping[str, Any]) -> T:
    """Build a record of type `cls` from stored attributes.

    UnreadableRecordError if an attribute without a default is missing or a value has another form.
    """
    try:
        return _decode(cls, plain)
    except MALFORMED as error:
        raise UnreadableRecordError(
            f"{cls.__name__} cannot be read: {type(error).__name__}: {error}"
        ) from error


def _decode[T: Struct](cls: type[T], plain: Mapping[str, Any]) -> T:
    values: dict[str, Any] = {}
    for spec in _specs(cls):
        if spec.attribute is None:
            values[spec.field] = spec.load(plain)
        elif spec.attribute in plain:
            values[spec.field] = spec.load(plain[spec.attribute])
        elif spec.optional and spec.default is NODEFAULT:
            values[spec.field] = None
    return cls(**values)


def time_text(time: datetime) -> str:
    """Format a time in UTC, as `2026-01-31T12:00:00.000Z`.

    It has six decimals only if milliseconds would lose precision. ValueError without a time zone.
    """
    if time.tzinfo is None:
        raise ValueError(f"a time without a zone: {time}")
    spec = "microseconds" if time.microsecond % 1000 else "milliseconds"
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def time_of(text: str) -> datetime:
    """Parse the text of `time_text`, or any ISO 8601 time. ValueError."""
    return datetime.fromisoformat(text)


def json_text(value: Mapping[str, Any]) -> str:
    """Return compact JSON, with non-ASCII characters unescaped."""
    return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))


MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""The exceptions that a missing or malformed attribute causes when it is read."""


class _Spec(NamedTuple):
    field: str
    attribute: str | None
    """None for a nested record that is stored in attributes of this one."""
    load: Callable[[Any], Any]
    optional: bool
    default: Any

    def dump(self, value: Any) -> dict[str, Any]:
        if self.attribute is None:
            return encode(value)
        return {} if self._omits(value) else {self.attribute: _dump(value)}

    def _omits(self, value: Any) -> bool:
        empty = isinstance(value, str | tuple | Mapping) and not value
        return value is None or (empty and value == self.default)


@cache
def _specs(cls: type[Struct]) -> tuple[_Spec, ...]:
    hints, names = get_type_hints(cls), NAMES[cls]
    return tuple(
        _Spec(
            each.name,
            name if isinstance(name := names[each.name], str) else None,
            _loader(hints[each.name]),
            NoneType in get_args(hints[each.name]),
            each.default if each.default_factory is NODEFAULT else each.default_factory(),
        )
        for each in fields(cls)
        if each.name in names
    )


_DUMPERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (Enum, lambda value: value.value),
    (str | int, lambda value: value),
    (datetime, time_text),
    (Decimal, str),
    (float, lambda value: Decimal(repr(value))),
    (tuple | list, lambda value: [_dump(each) for each in value]),
    (Mapping, json_text),
)


def _dump(value: Any) -> Any:
    for kind, dump in _DUMPERS:
        if isinstance(value, kind):
            return dump(value)
    return encode(value)


_LOADERS: dict[Any, Callable[[Any], Any]] = {
    str: str,
    bool: bool,
    int: int,
    float: float,
    Decimal: Decimal,
    datetime: time_of,
}


def _loader(hint: Any) -> Callable[[Any], Any]:
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        (inner,) = (each for each in args if each is not NoneType)
        return _loader(inner)
    if origin is tuple:
        load = _loader(args[0])
        return lambda plain: tuple(load(each) for each in plain)
    if origin is Mapping:
        return json.loads
    if isinstance(hint, type) and issubclass(hint, Struct):
        return partial(_decode, hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _LOADERS[hint]
