"""The emulator's short cut for the product's only key condition."""

import pytest

from imagebatch.adapters.dynamodb import table
from testing.emulator import queries


def test_the_short_cut_is_for_the_products_condition() -> None:
    assert queries.RANGE == table.RANGE


@pytest.mark.parametrize(
    ("text", "between"),
    [
        ("A#1", True),
        ("A#", True),
        ("A#~", True),
        ("B", False),
        ("A", False),
        ("A#\U0001f697", False),
    ],
)
def test_strings_are_ordered_by_their_utf8_bytes(text: str, between: bool) -> None:
    assert queries.is_between(text, "A#", "A#~") is between
