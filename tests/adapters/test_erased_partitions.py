"""An erasure finds an owner's records by their keys: a kind that is added must be named there."""

import re

from imagebatch.adapters.dynamodb import erasures, keys

LAYOUT = keys.__doc__ or ""


def test_every_partition_of_an_owner_is_erased() -> None:
    documented = set(re.findall(r"^([A-Z]+)#owner\b", LAYOUT, re.MULTILINE))
    assert documented == erasures.OWNED_PARTITIONS


def test_every_list_that_is_sorted_by_owner_is_erased() -> None:
    documented = set(re.findall(r"^([A-Z]+) +owner\b", LAYOUT, re.MULTILINE))
    assert documented == erasures.LISTS | {keys.ERASING}
