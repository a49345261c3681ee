"""docs/glossary.md against the public names of the package."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from tests.contracts.test_ports import PORTS

TEXT = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text("utf-8")
ROWS = re.findall(r"^\| ([a-z -]+) \| .+ \| `([\w.]+)` \|$", TEXT, re.MULTILINE)
PLAIN_WORDS = {"Clock", "EventBus", "Randomness", "Signer", "StackFacts"}
SAME_TERM = {
    "AbandonedArrivals": "drop folder", "BatchStore": "batch", "ChangeFeed": "change",
    "DeletionStore": "deletion", "DeliveryStore": "delivery", "DispatchQueue": "dispatch",
    "ErasureStore": "erasure", "IdempotencyStore": "idempotency key", "ItemQueue": "item",
    "ModelCheckStore": "model check", "ModelLookup": "model check",
    "PagesBuilder": "archive builder", "ProviderAccount": "provider", "RefusalLog": "provider",
    "ShareStore": "share", "UploadStore": "upload", "WatcherPlaces": "watcher",
}  # fmt: skip


@pytest.mark.parametrize(("term", "name"), ROWS, ids=[term for term, _ in ROWS])
def test_glossary_term_names_public_code(term: str, name: str) -> None:
    module, _, attribute = name.rpartition(".")
    assert hasattr(import_module(f"imagebatch.{module}"), attribute), term
    assert not attribute.startswith("_")


def test_glossary_is_sorted_without_duplicates() -> None:
    terms = [term for term, _ in ROWS]
    assert terms == sorted(set(terms))
    assert len(ROWS) == TEXT.count("\n| ") - 2, "a row is not of the expected form"


def test_every_port_has_a_glossary_term() -> None:
    explained = {name.rpartition(".")[2] for _, name in ROWS if name.startswith("ports.")}
    ports = {port.__name__ for port in PORTS}
    assert ports == (explained & ports) | SAME_TERM.keys() | PLAIN_WORDS
    assert set(SAME_TERM.values()) <= {term for term, _ in ROWS}
