"""Copies of records that nobody can change: mappings and lists refuse it, the rest is frozen.

Since a stored copy never changes, a fake of a store hands it out as it is.
"""

from collections.abc import Callable
from copy import deepcopy, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, NoReturn, cast

from msgspec import Struct


def _refuse(self: object, *_: object, **__: object) -> NoReturn:
    raise TypeError("this belongs to a stored record: change a copy of it")


class FrozenDict(dict[Any, Any]):
    def __deepcopy__(self, memo: dict[int, Any]) -> dict[Any, Any]:
        return deepcopy(dict(self), memo)

    __setitem__ = __delitem__ = __ior__ = _refuse  # type: ignore[assignment]
    clear = pop = popitem = setdefault = update = _refuse  # type: ignore[assignment]


class FrozenList(list[Any]):
    def __deepcopy__(self, memo: dict[int, Any]) -> list[Any]:
        return deepcopy(list(self), memo)

    __setitem__ = __delitem__ = __iadd__ = __imul__ = _refuse  # type: ignore[assignment]
    append = clear = extend = insert = pop = remove = reverse = sort = _refuse  # type: ignore[assignment]


LEAVES = (str, int, float, bytes, Decimal, datetime, timedelta, Enum, type(None))
FROZEN = (*LEAVES, FrozenDict, FrozenList)


def frozen[T](record: T) -> T:
    """The record, with copies of its mappings and lists in their place."""
    return cast("T", _frozen(record))


def _frozen(value: Any) -> Any:
    return _freezer(type(value))(value)


@cache
def _freezer(kind: type) -> Callable[[Any], Any]:
    if issubclass(kind, FROZEN):
        return lambda value: value
    if kind is tuple:
        return _tuple
    if kind is dict:
        return lambda value: FrozenDict((key, _frozen(each)) for key, each in value.items())
    if kind is list:
        return lambda value: FrozenList(map(_frozen, value))
    return _record if _is_frozen(kind) else deepcopy


def _tuple(value: tuple[Any, ...]) -> tuple[Any, ...]:
    parts = tuple(map(_frozen, value))
    return value if all(map(_same, parts, value)) else parts


def _record(record: Struct) -> Struct:
    values = {name: getattr(record, name) for name in record.__struct_fields__}
    changed = {
        name: copied for name, value in values.items() if not _same(copied := _frozen(value), value)
    }
    return replace(record, **changed) if changed else record


def _same(one: object, other: object) -> bool:
    return one is other


def _is_frozen(kind: type) -> bool:
    return issubclass(kind, Struct) and kind.__struct_config__.frozen
