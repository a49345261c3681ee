"""Assigns simulated outcomes to rows: `{"row-0007": "refused", "10%": "timeout"}`."""

import hashlib
import re
from collections.abc import Mapping, Sequence

from imagebatch.domain.item import ItemSpec
from imagebatch.domain.rehearsal import fate_words, parse_fate
from imagebatch.intake.field_problems import FieldProblem
from imagebatch.structs import replace

FIELD = "rehearse"
_SHARE = re.compile(r"(100|[1-9]?[0-9])%", re.ASCII)
_NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


def cast_fates(
    items: Sequence[ItemSpec], rehearse: Mapping[str, str]
) -> tuple[tuple[ItemSpec, ...], list[FieldProblem]]:
    """Return the items with their outcomes, and the problems of the request.

    A row that is named, by its custom_id or its number, takes precedence over shares. Shares are
    assigned in the given order by a hash of the custom_id, so they always select the same rows.
    """
    problems = [*_wrong_fates(rehearse)]
    named: dict[int, str] = {}
    shares: list[tuple[int, str]] = []
    covered = 0
    for selector, fate in rehearse.items():
        if share := _SHARE.fullmatch(selector.strip()):
            covered += int(share[1])
            shares.append((covered, fate))
        elif (index := _index(items, selector.strip())) is None:
            problems.append(_problem(selector, "is not a row of this batch"))
        else:
            named[index] = fate
    if covered > 100:
        problems.append(FieldProblem(FIELD, "the shares add up to more than 100%"))
    return tuple(_with_fate(item, named, shares) for item in items), problems


def _with_fate(
    item: ItemSpec, named: Mapping[int, str], shares: Sequence[tuple[int, str]]
) -> ItemSpec:
    if item.failure is not None:
        return item
    fate = named.get(item.index)
    if fate is None and shares:
        place = _place(item.custom_id)
        fate = next((fate for below, fate in shares if place < below), None)
    return replace(item, fate=fate.strip().lower()) if fate else item


def _place(custom_id: str) -> int:
    """0 to 99, the same for the same ID."""
    return int.from_bytes(hashlib.sha256(custom_id.encode()).digest()[:8]) % 100


def _index(items: Sequence[ItemSpec], selector: str) -> int | None:
    for item in items:
        if item.custom_id == selector:
            return item.index
    if not _NUMBER.fullmatch(selector):
        return None
    number = int(selector)
    by_row = (i.index for i in items if number == (i.index + 1 if i.row is None else i.row))
    return next(by_row, None)


def _wrong_fates(rehearse: Mapping[str, str]) -> list[FieldProblem]:
    known = ", ".join(fate_words())
    return [
        _problem(selector, f"must be one of {known}")
        for selector, fate in rehearse.items()
        if parse_fate(fate) is None
    ]


def _problem(selector: str, message: str) -> FieldProblem:
    return FieldProblem(f"{FIELD}.{selector[:100]}", message)
