"""A batch by the first characters of its id."""

import re

from imagebatch_cli.api import Api
from imagebatch_cli.errors import InvalidInputError

FULL_ID = re.compile(r"[0-9a-f]{32}")
PREFIX = re.compile(r"[0-9a-f]{4,31}")
MAX_PAGES = 10
PAGE_SIZE = 100
SHOWN_ID_LENGTH = 8


def resolve(api: Api, given: str) -> str:
    """The whole id. InvalidInputError when no batch, or more than one, starts like this."""
    wanted = given.strip().lower()
    if not PREFIX.fullmatch(wanted):
        return given  # whole, or none of our ids at all: the service has the last word
    found, searched_all = _starting_with(api, wanted)
    if len(found) == 1:
        return found[0]
    if found:
        error = InvalidInputError(
            f"More than one batch starts with {wanted}", hint="Give more of the id."
        )
        error.details = [{"id": id_} for id_ in found]
        raise error
    where = "" if searched_all else f" among your newest {MAX_PAGES * PAGE_SIZE:,} batches"
    raise InvalidInputError(
        f"No batch of yours starts with {wanted}{where}", hint="See them with: imagebatch list"
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
    """How many characters tell these ids apart, and at least as many as people expect."""
    length = SHOWN_ID_LENGTH
    while len({id_[:length] for id_ in ids}) < len(set(ids)):
        length += 1
    return length
