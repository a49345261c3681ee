"""Copies of records, which fakes of stores keep and hand out."""

from dataclasses import replace

from testing.fakes.copies import copied
from testing.records import a_batch, an_item


def test_a_copy_shares_no_mapping_with_its_record() -> None:
    batch = replace(a_batch(), options={"colours": ["red"]}, metadata={"order": "7"})
    other = copied(batch)
    assert other == batch
    other.options["colours"].append("blue")
    assert batch.options == {"colours": ["red"]}
    assert other.metadata is not batch.metadata


def test_an_item_keeps_its_type_and_every_field() -> None:
    item = an_item(0)
    assert copied([item, item]) == [item, item]
    assert type(copied(item)) is type(item)
