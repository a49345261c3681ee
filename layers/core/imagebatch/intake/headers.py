"""Maps a sheet's header: known columns, suggestions, and ambiguous names."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import chain, islice

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.notice import Notice, warning
from imagebatch.formats.visible_text import folded_name, show_invisible, strip_blank
from imagebatch.structs import Struct, field

MAX_NAMES_LISTED = 10
MAX_NAME_CHARACTERS = 40
type Detail = dict[str, str | None]
_NEAR = 0.8
_MAX_COMPARED = 300
"""The maximum number of unknown columns for which suggestions are computed."""
_NOT_A_WORD = re.compile(r"[^\w]+|_+")


class ColumnSet(Struct, frozen=True):
    """The expected columns. `synonyms` are folded names that mean one of them.

    `weak_synonyms` apply only if the column itself is missing. One of `identifying` is required.
    """

    names: tuple[str, ...]
    synonyms: Mapping[str, str] = field(default_factory=dict)
    weak_synonyms: Mapping[str, str] = field(default_factory=dict)
    identifying: tuple[str, ...] = ()
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Column names of other kinds of batches, with the message for each."""
    required: tuple[str, ...] = ()
    """If every column is a variable: the columns with their own error if missing."""
    any_column: bool = False
    """Every other column is a variable: none is unknown, and it keeps its folded name."""


class HeaderMap(Struct, frozen=True):
    """`places` has the position of each known column; `others` those of the other named columns."""

    places: Mapping[str, int]
    others: Mapping[int, str]
    notices: tuple[Notice, ...] = ()
    near: Mapping[int, str] = field(default_factory=dict)
    """The known column that an unknown one may mean, by position."""
    weak: frozenset[str] = frozenset()
    """Columns found only by a weak synonym."""
    doubled: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """Differently spelled headers for one column."""


def map_header(header: Sequence[str], columns: ColumnSet) -> HeaderMap:
    folded = [folded_name(name) for name in header]
    claims = _claims(folded, columns)
    places = {name: found[0] for name, found in claims.items()}
    taken = {place for found in claims.values() for place in found}
    others = {p: name for p, name in enumerate(header) if folded[p] and p not in taken}
    near = _near_misses(others, columns, places)
    doubled = _spelled_differently(header, claims)
    notices = (
        *_mapped(header, places),
        *_repeated(claims, doubled),
        *_unnamed(folded),
    )
    return HeaderMap(places, others, notices, near, _weak(places, folded, columns), doubled)


def _weak(places: Mapping[str, int], folded: Sequence[str], columns: ColumnSet) -> frozenset[str]:
    synonyms = columns.weak_synonyms
    return frozenset(name for name, p in places.items() if synonyms.get(folded[p]) == name)


def _spelled_differently(
    header: Sequence[str], claims: Mapping[str, Sequence[int]]
) -> dict[str, tuple[int, ...]]:
    """Return the columns that headers of different spelling claim."""
    return {
        name: tuple(found)
        for name, found in claims.items()
        if len({strip_blank(header[place]).lower() for place in found}) > 1
    }


def _near_misses(
    others: Mapping[int, str], columns: ColumnSet, places: Mapping[str, int]
) -> dict[int, str]:
    guesses = (
        (place, _near_miss(name, columns, places))
        for place, name in islice(others.items(), _MAX_COMPARED)
    )
    return {place: guess for place, guess in guesses if guess}


def _near_miss(name: str, columns: ColumnSet, places: Mapping[str, int]) -> str | None:
    """If every column is accepted, only a misspelt name is a near miss."""
    missing = [known for known in columns.names if known not in places]
    if not columns.any_column:
        return nearest_column(name, missing)
    optional = [known for known in missing if known not in columns.required]
    return _misspelt(folded_name(name[: 2 * MAX_NAME_CHARACTERS]), optional)


def _claims(folded: Sequence[str], columns: ColumnSet) -> dict[str, list[int]]:
    """Return the positions of the headers for each known column."""
    known = _by_folded_name(columns.names)
    claims: dict[str, list[int]] = {}
    for name, place in chain(_found(folded, known), _found(folded, columns.synonyms, known)):
        claims.setdefault(name, []).append(place)
    for name, place in _found(folded, columns.weak_synonyms, known):
        claims.setdefault(name, [place])
    return {name: claims[name] for name in columns.names if name in claims}


def _found(
    folded: Sequence[str], meanings: Mapping[str, str], excluded: Collection[str] = ()
) -> Iterator[tuple[str, int]]:
    """Yield the column that each header with a known meaning stands for, and its position."""
    for place, name in enumerate(folded):
        if name in meanings and name not in excluded:
            yield meanings[name], place


def _by_folded_name(names: Iterable[str]) -> dict[str, str]:
    return {folded_name(name): name for name in names}


def _mapped(header: Sequence[str], places: Mapping[str, int]) -> Iterator[Notice]:
    renamed = [
        f"{column_label(header[place])} as {name}"
        for name, place in places.items()
        if header[place].strip().lower() != name.lower()
    ]
    if renamed:
        yield Notice("mapped-columns", f"Columns were renamed: {_listed(renamed)}.")


def _repeated(
    claims: Mapping[str, Sequence[int]], doubled: Mapping[str, Sequence[int]]
) -> Iterator[Notice]:
    repeated = [n for n, found in claims.items() if len(found) > 1 and n not in doubled]
    if repeated:
        message = f"Only the first column of each name is read: {_listed(repeated)}."
        yield warning("duplicate-columns", message)


def _unnamed(folded: Sequence[str]) -> Iterator[Notice]:
    if unnamed := folded.count(""):
        yield Notice("unnamed-columns", f"Columns without a name are ignored: {unnamed}.")


def unknown_columns_notice(found: HeaderMap) -> Iterator[Notice]:
    """Return the notice about ignored columns."""
    if found.others:
        hinted = [_hinted(name, guess) for name, guess in _near_first(found)]
        listed = _listed(hinted)
        yield Notice("unknown-columns", f"Unknown columns are ignored: {listed}.")


def check_header(found: HeaderMap, header: Sequence[str], columns: ColumnSet) -> None:
    """InvalidRequestError `Unknown columns` for what a person has to decide."""
    details = [*_doubled_details(found, header), *_near_details(found)]
    missing = bool(columns.identifying) and found.places.keys().isdisjoint(columns.identifying)
    if not details and not (missing and found.others):
        return
    details += islice(_other_details(found, columns), max(0, MAX_NAMES_LISTED - len(details)))
    raise _unknown_columns(details, found, columns, missing)


def _unknown_columns(
    details: list[Detail], found: HeaderMap, columns: ColumnSet, missing: bool
) -> InvalidRequestError:
    pointers = [
        columns.elsewhere[key]
        for name in found.others.values()
        if (key := folded_name(name)) in columns.elsewhere
    ]
    needed = " or ".join(columns.identifying)
    parts = [f"{detail['column']}: {detail['message']}" for detail in details[:3]]
    if missing and not found.near:
        parts = [f"The sheet has no column {needed}", *pointers]
    return InvalidRequestError(
        "unknown-columns",
        "Unknown columns",
        title="Some columns are not known",
        detail="; ".join(parts) + ". Rename the columns, or send unknownColumns=ignore to "
        "ignore them.",
        details=details,
    )


def _doubled_details(found: HeaderMap, header: Sequence[str]) -> Iterator[Detail]:
    for name, places in found.doubled.items():
        labels = _listed([column_label(header[place]) for place in places])
        for place in places[1 : MAX_NAMES_LISTED + 1]:
            yield {
                "column": column_label(header[place]),
                "suggestion": None,
                "message": f"more than one column means {name}: {labels}; keep one of them",
            }


def _near_details(found: HeaderMap) -> Iterator[Detail]:
    for place, guess in islice(found.near.items(), MAX_NAMES_LISTED):
        yield {
            "column": column_label(found.others[place]),
            "suggestion": guess,
            "message": f"is not a known column; did you mean {guess}?",
        }


def _other_details(found: HeaderMap, columns: ColumnSet) -> Iterator[Detail]:
    for place, name in found.others.items():
        if place not in found.near:
            message = _elsewhere(name, columns)
            yield {"column": column_label(name), "suggestion": None, "message": message}


def _elsewhere(name: str, columns: ColumnSet) -> str:
    return columns.elsewhere.get(folded_name(name), "is not a known column")


def nearest_column(header: str, names: Sequence[str]) -> str | None:
    """Return the column that a header may mean: a similar name, or the name among other words."""
    folded = folded_name(header[: 2 * MAX_NAME_CHARACTERS])
    if found := _misspelt(folded, names):
        return found
    by_fold = _by_folded_name(names)
    return next((by_fold[fold] for fold in _phrases(folded, by_fold)), None)


def _phrases(folded: str, known: Collection[str]) -> Iterator[str]:
    """Return the known names in a header: those of several words first, then its last word."""
    yield from (name for name in known if "_" in name and f"_{name}_" in f"_{folded}_")
    words = list(filter(None, _NOT_A_WORD.split(folded)))
    yield from (word for word in (*words[-1:], *words) if word in known)


def _misspelt(folded: str, names: Sequence[str]) -> str | None:
    by_fold = _by_folded_name(names)
    close = get_close_matches(folded, by_fold, n=1, cutoff=_NEAR)
    return by_fold[close[0]] if close else None


def known_columns_hint(header: Sequence[str], columns: ColumnSet) -> str:
    """Suggest columns for a header in which nothing is known."""
    guesses = [
        f"{column_label(name)} may be {guess}"
        for name in header[: 4 * MAX_NAMES_LISTED]
        if (guess := nearest_column(name, columns.names))
    ]
    return "; ".join(guesses[:MAX_NAMES_LISTED])


def _near_first(found: HeaderMap) -> list[tuple[str, str | None]]:
    ordered = sorted(found.others, key=lambda place: place not in found.near)
    return [(found.others[place], found.near.get(place)) for place in ordered]


def _hinted(name: str, guess: str | None) -> str:
    return f"{column_label(name)} (did you mean {guess}?)" if guess else column_label(name)


def column_label(name: str) -> str:
    """Return a header for display: on one line, short, without invisible characters."""
    label = " ".join(show_invisible(name.strip()[: 2 * MAX_NAME_CHARACTERS]).split())
    return label if len(label) <= MAX_NAME_CHARACTERS else label[: MAX_NAME_CHARACTERS - 1] + "…"


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMES_LISTED
    return ", ".join(names[:MAX_NAMES_LISTED]) + (f" and {more} more" if more > 0 else "")
