"""provenance.json: one entry an image, with what anybody can compute again."""

import json
from copy import replace
from typing import Any

from imagebatch.domain.images import Version
from imagebatch.domain.item import Item
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.provenance import Mark, Provenance
from tests.reports.test_archive_texts import failed, made, table, texts

SHA = "ab" * 32


def marked(index: int, found: Mark = Mark.NONE, added: bool | None = True) -> Item:
    item = made(index, model="google/nano-banana-2.1")
    assert item.image is not None
    provenance = Provenance(SHA, f"p{index}", found, added)
    return replace(item, image=replace(item.image, provenance=provenance))


def record(*items: Item, **changes: Any) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(texts(list(items), **changes)["provenance.json"])
    return found


def test_entry_has_model_and_mark_of_an_image() -> None:
    found = record(marked(0), marked(1, Mark.C2PA, added=None), failed(2))

    assert found["batch"] == {"id": "b5f0c9e2a7d14c3f", "kind": "cars", "mode": "live"}
    assert [entry["file"] for entry in found["images"]] == ["car-0.png", "car-1.png"]
    assert found["images"][0] == {
        "file": "car-0.png",
        "custom_id": "row-0002",
        "size": 9,
        "sha256": SHA,
        "model": "google/nano-banana-2.1",
        "prediction": "p0",
        "mark": "xmp",
        "found": "none",
        "added": True,
    }
    assert (found["images"][1]["mark"], found["images"][1]["added"]) == ("c2pa", False)


def test_alternates_are_listed_with_their_own_models() -> None:
    item = marked(0)
    assert item.image is not None
    older, newer = (
        Version(round=n, image=item.image, file="car-0.png", model=f"maker/{n}") for n in (1, 2)
    )
    gone = replace(newer, lost=True)

    found = record(replace(item, versions=(older, gone, newer)))["images"]

    assert [(entry["file"], entry["model"]) for entry in found] == [
        ("alternates/car-0-v1.png", "maker/1"),
        ("car-0.png", "maker/2"),
    ]


def test_a_placeholder_was_made_by_no_model() -> None:
    assert record(marked(0), mode=Mode.DEVELOPMENT)["images"][0]["model"] == "development"


def test_an_image_from_before_marks_has_no_checksum() -> None:
    assert record(made(0))["images"][0]["sha256"] is None


def test_without_an_image_there_is_no_record() -> None:
    assert "provenance.json" not in texts([failed(0)])


def test_results_csv_names_the_mark() -> None:
    items = [marked(0), marked(1, Mark.C2PA), marked(2, added=None), failed(3)]
    rows = table(texts(items)["results.csv"])

    assert [row["ai_mark"] for row in rows] == ["xmp", "c2pa", "none", ""]
