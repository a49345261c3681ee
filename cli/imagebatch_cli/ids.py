"""Find a batch by the first characters of its ID."""

import re

from imagebatch_cli.api import Api
from imagebatch_cli.errors import InvalidInputError

FULL_ID = re.compile(r"[0-9a-f]{32}")
PREFIX = re.compile(r"[0-9a-f]{4,31}")
MAX_PAGES = 10
PAGE_SIZE = 100
SHORT_ID_LENGTH = 8


def resolve(api: Api, given: str) -> str:
    """Return the full ID. InvalidInputError if no batch, or more than one, starts with it."""
    wanted = given.strip().lower()
    if not PREFIX.fullmatch(wanted):
        return given  # A full ID, or not an ID at all: the service decides.
    found, searched_all = _starting_with(api, wanted)
    if len(found) == 1:
        return found[0]
    if found:
        error = InvalidInputError(
            f"More than one batch starts with {wanted}", hint="Pass more characters of the ID."
        )
        error.details = [{"id": id_} for id_ in found]
        raise error
    where = "" if searched_all else f" among your newest {MAX_PAGES * PAGE_SIZE:,} batches"
    raise InvalidInputError(
        f"You have no batch that starts with {wanted}{where}",
        hint="List your batches with: imagebatch list",
    )


def _starting_with(api: Api, prefix: str) -> tuple[list[str], bool]:
    found: list[str] = []
    cursor: str | None = None
    for _ in range(MAX_PAGES):
        answer = api.list(limit=PAGE_SIZE, cursor=cursor)
        ids = [str(batch["jobId"]) for batch in answer["items"]]
        found += [id_ for id_ in ids if id_.startswith(prefix)]
        cursor = answer.get("nextCursor")
        if not cursor:
            return found, True
    return found, False


def shown_length(ids: list[str]) -> int:
    """Return how many characters distinguish these IDs, with a minimum."""
    length = SHORT_ID_LENGTH
    while len({id_[:length] for id_ in ids}) < len(set(ids)):
        length += 1
    return length
