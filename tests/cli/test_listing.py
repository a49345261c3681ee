"""The list on narrow terminals, batches by the start of their id, and the other small shapes."""

import io
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from rich.console import Console

from imagebatch_cli import render
from imagebatch_cli.errors import InvalidInputError
from imagebatch_cli.ids import resolve, shown_length
from imagebatch_cli.responses import camel_case

IDS = ["5f0cb1d2" + "0" * 24, "5f0cb1d3" + "0" * 24, "aaaa0000" + "1" * 24]


class Listed:
    """Pages of two."""

    def list(self, *, limit: int, cursor: str | None) -> dict[str, Any]:
        start = int(cursor or 0)
        items = [{"jobId": id_} for id_ in IDS[start : start + 2]]
        return {"items": items, "nextCursor": str(start + 2) if start + 2 < len(IDS) else None}


def batch(id_: str, name: str, ago: timedelta, **given: Any) -> dict[str, Any]:
    created = datetime.fromtimestamp(render.time.time(), UTC) - ago
    shown = {
        "jobId": id_,
        "name": name,
        "status": "completed",
        "outcome": "partial",
        "total": 10_000,
        "succeeded": 9_999,
        "cost": {"actual": "500.00"},
        "createdAt": created.isoformat(),
    }
    return shown | given


def shown(width: int) -> list[str]:
    items = [
        batch(IDS[0], "Spring catalogue of every car we have ever sold", timedelta(hours=3)),
        batch(IDS[2], "x", timedelta(days=2), status="processing", outcome=None),
    ]
    file = io.StringIO()
    Console(file=file, width=width).print(
        render.listing({"items": items, "nextCursor": None}, width)
    )
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 40])
def test_list_has_one_line_a_batch(width: int) -> None:
    lines = shown(width)
    assert len(lines) == 3
    assert max(map(len, lines)) <= width
    assert re.match(r"5f0cb1d2 +Spring.*… +partial .*3h ago", lines[1])
    assert re.match(r"aaaa0000 +x +processing .*2d ago", lines[2])
    assert ("9999/10000" in lines[1]) == (width == 80)


@pytest.mark.parametrize(
    ("seconds", "words"), [(5, "now"), (300, "5m ago"), (7200, "2h ago"), (864000, "10d ago")]
)
def test_age_is_said_in_the_largest_unit(seconds: int, words: str) -> None:
    then = datetime.fromtimestamp(render.time.time() - seconds - 1, UTC)
    assert render.age(then.isoformat()) == words


def test_shown_ids_are_long_enough_to_differ() -> None:
    assert shown_length(IDS) == 8
    assert shown_length(["abcdefgh1", "abcdefgh2"]) == 9


@pytest.mark.parametrize("given", ["aaaa", "AAAA0000", IDS[2], "not-an-id", "a/b"])
def test_unique_prefix_is_resolved(given: str) -> None:
    whole = IDS[2] if given.lower().startswith("aaaa") else given
    assert resolve(Listed(), given) == whole  # type: ignore[arg-type] # only `list` is called


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("5f0cb1", "More than one batch starts with 5f0cb1"),
        ("beef", "You have no batch that starts"),
    ],
)
def test_other_prefixes_are_refused(given: str, message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        resolve(Listed(), given)  # type: ignore[arg-type] # only `list` is called


def test_camel_case_leaves_what_clients_wrote() -> None:
    answer = {
        "batch_id": "1",
        "metadata": {"batch_id": "mine"},
        "items": [{"custom_id": "a", "input": {"aspect_ratio": "1:1"}}],
    }
    assert camel_case(answer) == {
        "jobId": "1",
        "metadata": {"batch_id": "mine"},
        "items": [{"customId": "a", "input": {"aspect_ratio": "1:1"}}],
    }
