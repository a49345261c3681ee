"""Parses a dropped sheet's key: its location, owner and options."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal, InvalidOperation

from imagebatch.domain.model_registry import Quality
from imagebatch.intake.field_problems import FieldProblem, invalid_fields
from imagebatch.structs import Struct

INBOX, OUTBOX = "inbox/", "outbox/"
ERROR_SUFFIX = ".error.json"
SHEETS = (".csv", ".xlsx")
NO_SHEETS = (".xls", ".xlsm", ".xlsb", ".ods", ".numbers", ".tsv")
"""Endings that people use for sheets: the file is read, or the error says what to do instead."""
_HIDDEN = ("._", "~$", ".")
MAX_AMOUNT = Decimal(1_000_000)


class DroppedKey(Struct, frozen=True):
    """`owner` is empty for the default one, `name` is without its ending.

    `fault` is why the location is not allowed.
    """

    key: str
    owner: str
    template: str
    name: str
    outbox: str
    fault: str = ""


class DropOptions(Struct, frozen=True):
    max_cost: Decimal | None = None
    encoding: str | None = None
    sheet: str | None = None
    name: str | None = None
    fallback: tuple[str, ...] = ()
    quality: Quality | None = None
    rehearse: Mapping[str, str] | None = None


def parse_key(key: str) -> DroppedKey | None:
    """Return None for files that are not sheets: other endings, and the files that systems add."""
    *folders, file = key.split("/")
    name, ending = _split(file)
    if folders[:1] != ["inbox"] or not ending or not name or file.startswith(_HIDDEN):
        return None
    outbox = OUTBOX + key.removeprefix(INBOX)[: -len(ending)]
    owner, template, fault = _places(folders[1:])
    return DroppedKey(key, owner, template, name, outbox, fault)


def lies_with(owner: str, key: str, default_owner: str) -> bool:
    """Whether a key below `inbox/` or `outbox/` belongs to this owner."""
    folder, _, file = key.partition("/")[2].partition("/")
    return owner == (folder if file else default_owner)


def drop_options(metadata: Mapping[str, str]) -> DropOptions:
    """Of the object's `x-amz-meta-*`; UnprocessableError for values that are none.

    Of two spellings of a name the later one counts.
    """
    given = {name.replace("-", "").replace("_", "").lower(): v for name, v in metadata.items()}
    if problems := list(_option_problems(given)):
        raise invalid_fields(problems)
    quality = given.get("quality")
    return DropOptions(
        rehearse=_fates(given.get("rehearse", "")),
        max_cost=_amount(given.get("maxcost", "")),
        **{name: given.get(name) or None for name in ("encoding", "sheet", "name")},
        fallback=tuple(_listed(given.get("fallback", ""))),
        quality=Quality(quality) if quality else None,
    )


def _listed(text: str) -> list[str]:
    return [entry for each in text.split(",") if (entry := each.strip())]


def _option_problems(given: Mapping[str, str]) -> Iterator[FieldProblem]:
    quality, max_cost, rehearse = map(given.get, ("quality", "maxcost", "rehearse"))
    if quality and quality not in [*Quality]:
        yield FieldProblem("quality", f"must be one of {', '.join(Quality)}")
    if max_cost and _amount(max_cost) is None:
        yield FieldProblem("maxCost", "must be an amount in USD, such as 2.50")
    if rehearse and _fates(rehearse) is None:
        yield FieldProblem("rehearse", "must be a JSON object of strings")


def _split(file: str) -> tuple[str, str]:
    for ending in (*SHEETS, *NO_SHEETS):
        if file.lower().endswith(ending):
            return file[: -len(ending)], ending
    return file, ""


def _places(folders: list[str]) -> tuple[str, str, str]:
    if not all(folders):
        return "", "", "A folder in its path has no name."
    if len(folders) > 2:
        return "", "", "It is nested too deeply."
    owner, template = [*folders, "", ""][:2]
    return owner, template, ""


def _fates(text: str) -> Mapping[str, str] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    return found if all(isinstance(fate, str) for fate in found.values()) else None


def _amount(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and 0 <= amount < MAX_AMOUNT else None
