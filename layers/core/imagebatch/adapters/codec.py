"""Records as the table keeps them: dataclasses to plain values and back, exactly.

    datetime     ISO 8601 UTC text         enumeration  its value
    Decimal      text                      tuple        list
    float        number                    dataclass    map
    Mapping      JSON text, because JSON gives back what went in and a table's numbers do not

What a field is called in the table is declared in attributes.py. A nested record that has names
there instead of one name is stored in attributes of the outer one. None and empty defaults are left
out. What a reader does not know is ignored, what it misses takes its default, so versions of the
code can write and read the same records.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import Enum
from functools import cache, partial
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from imagebatch.adapters.attributes import NAMES
from imagebatch.adapters.batch_attributes import NestedNames
from imagebatch.domain.errors import UnreadableRecordError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def encode(record: "DataclassInstance", part: NestedNames | None = None) -> dict[str, Any]:
    """The record, or a part of it, as strings, numbers, booleans, lists and dicts of them."""
    plain: dict[str, Any] = {}
    for spec in _specs(type(record)):
        if part is None or spec.field in part:
            plain |= spec.dump(getattr(record, spec.field))
    return plain


def decode[T: "DataclassInstance"](cls: type[T], plain: Mapping[str, Any]) -> T:
    """UnreadableRecordError for a record that `encode` of this version would not have written."""
    try:
        return _decode(cls, plain)
    except MALFORMED as error:
        raise UnreadableRecordError(
            f"{cls.__name__} cannot be read: {type(error).__name__}: {error}"
        ) from error


def _decode[T: "DataclassInstance"](cls: type[T], plain: Mapping[str, Any]) -> T:
    values: dict[str, Any] = {}
    for spec in _specs(cls):
        if spec.attribute is None:
            values[spec.field] = spec.load(plain)
        elif spec.attribute in plain:
            values[spec.field] = spec.load(plain[spec.attribute])
        elif spec.optional and spec.default is MISSING:
            values[spec.field] = None
    return cls(**values)


def time_text(time: datetime) -> str:
    """UTC with `Z`, to the millisecond; to the microsecond where there is more to it."""
    if time.tzinfo is None:
        raise ValueError(f"a time without a zone: {time}")
    spec = "microseconds" if time.microsecond % 1000 else "milliseconds"
    return time.astimezone(UTC).replace(tzinfo=None).isoformat(timespec=spec) + "Z"


def time_of(text: str) -> datetime:
    return datetime.fromisoformat(text)


def json_text(value: Mapping[str, Any]) -> str:
    return json.dumps(dict(value), ensure_ascii=False, separators=(",", ":"))


MALFORMED = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
"""What reading an attribute raises where it is missing or is not what it should be."""


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
def _specs(cls: type["DataclassInstance"]) -> tuple[_Spec, ...]:
    hints, names = get_type_hints(cls), NAMES[cls]
    return tuple(
        _Spec(
            each.name,
            name if isinstance(name := names[each.name], str) else None,
            _loader(hints[each.name]),
            NoneType in get_args(hints[each.name]),
            each.default if each.default_factory is MISSING else each.default_factory(),
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
    if isinstance(hint, type) and is_dataclass(hint):
        return partial(_decode, hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return hint
    return _LOADERS[hint]
