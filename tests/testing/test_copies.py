"""Copies of records, which fakes of stores keep and hand out."""

from copy import deepcopy, replace

import pytest

from testing.fakes.copies import frozen
from testing.records import a_batch, an_item


def test_a_copy_shares_no_mapping_with_its_record() -> None:
    batch = replace(a_batch(), options={"colours": ["red"]}, metadata={"order": "7"})
    kept = frozen(batch)
    assert kept == batch
    batch.options["colours"].append("blue")
    assert kept.options == {"colours": ["red"]}
    assert kept.metadata is not batch.metadata


def test_a_copy_cannot_be_changed() -> None:
    kept = frozen(replace(a_batch(), options={"colours": ["red"]}))
    with pytest.raises(TypeError, match="stored record"):
        kept.options["colours"].append("blue")
    with pytest.raises(TypeError, match="stored record"):
        kept.options["size"] = "M"
    assert frozen(kept) is kept


def test_copy_of_a_copy_can_be_changed() -> None:
    options = deepcopy(frozen({"colours": ["red"]}))
    options["colours"].append("blue")
    assert options == {"colours": ["red", "blue"]}


def test_an_item_keeps_its_type_and_every_field() -> None:
    item = an_item(0)
    assert frozen([item, item]) == [item, item]
    assert type(frozen(item)) is type(item)
