"""The official MCP SDK's client, from a price to the pictures, on the deployed stack."""

import asyncio
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from mcp import Client

from tests.cli.conftest import CARS, Cli, environment
from tests.cli.test_mcp import call, talk
from tests.conftest import Stack


@pytest.fixture
def cli(stack: Stack, tmp_path: Path) -> Cli:
    return Cli(environment(IMAGEBATCH_URL=stack["apiUrl"]), tmp_path)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "cars.csv").write_text(CARS)
    return folder


def ended(cli: Cli, root: Path, batch: str, round_: int) -> dict[str, Any]:
    async def look(client: Client) -> dict[str, Any]:
        while True:  # as long as a talk may take
            answer = await client.call_tool("status", {"batch_id": batch})
            found = dict(answer.structured_content or {})
            if found["status"] == "completed" and found["round"] == round_:
                return found
            await asyncio.sleep(0.25)

    return dict(talk(cli, root, look))


def test_an_assistant_makes_pictures_within_its_quote(cli: Cli, root: Path) -> None:
    [quoted] = call(cli, root, ("quote", {"file": "cars.csv", "name": "By an assistant"}))
    order = {"file": "cars.csv", "name": "By an assistant", "quote_id": quoted["quoteId"]}
    [sent] = call(cli, root, ("submit", order))
    batch = sent["jobId"]
    first = ended(cli, root, batch, 1)
    assert (first["done"], first["total"], first["name"]) == (3, 3, "By an assistant")
    assert first["cost"]["max"] == quoted["estimatedCost"]

    again = {"batch_id": batch, "items": ["row-0003"], "note": "wheels straight"}
    refused, opened = call(
        cli, root,
        ("redo", again),
        ("redo", again | {"max_cost": "1"}),
    )  # fmt: skip
    assert "cost" in refused, "the quote's price is the cap"
    assert opened["round"] == 2
    ended(cli, root, batch, 2)

    [saved] = call(cli, root, ("download", {"batch_id": batch, "folder": "out"}))
    with zipfile.ZipFile(root / saved["file"]) as archive:
        assert archive.testzip() is None
        images = [name for name in archive.namelist() if name.endswith((".png", ".jpg", ".webp"))]
        notes = json.loads(archive.read("provenance.json"))
    assert len([name for name in images if name.startswith("alternates/")]) == 1
    assert len(images) == len(notes["images"]) == 4


def test_a_changed_sheet_is_refused_under_an_old_quote(cli: Cli, root: Path) -> None:
    [quoted] = call(cli, root, ("quote", {"file": "cars.csv"}))
    (root / "cars.csv").write_text(CARS + "Saab,900,1990,\n")
    [refused] = call(
        cli, root, ("submit", {"file": "cars.csv", "quote_id": quoted["quoteId"]})
    )  # fmt: skip
    assert "quote" in refused.lower()
