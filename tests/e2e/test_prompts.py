"""A list of prompts on the deployed template, live through a server that speaks Replicate's API."""

import io
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from testing.batches import archive, finished, images
from testing.fake_providers import FakeProviders
from tests.cli.conftest import command, environment
from tests.conftest import Aws, Stack

MODEL = "google/nano-banana-2.1"


def picture(colour: str) -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(body, "PNG")
    return body.getvalue()


def uploaded(api: httpx.Client, body: bytes) -> str:
    answer = api.post(
        "/api/uploads", files={"file": ("ref.png", body, "image/png")}, data={"kind": "product"}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["file"]["id"])


def generated(api: httpx.Client, *items: dict[str, str], **more: Any) -> dict[str, Any]:
    answer = api.post("/api/v1/batch/generate", json={"items": items, **more})
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == answer.json()["status_url"]
    return finished(api, answer.json()["batch_id"])


def test_prompts_with_reference_images_become_images_and_a_pdf(
    live: httpx.Client, fake: FakeProviders, tmp_path: Path
) -> None:
    red, blue = picture("red"), picture("blue")
    first, second = uploaded(live, red), uploaded(live, blue)
    found = generated(
        live,
        {"prompt": "A red chair in a loft", "file": first},
        {"prompt": "A blue chair", "file": second, "custom_id": "SKU 7", "aspect_ratio": "16:9"},
        {"prompt": "No chair at all"},
        model=MODEL,
        options={"include_pdf": True},
        name="Chairs",
    )
    assert (found["kind"], found["mode"], found["outcome"]) == (
        "prompts", "live", "all_succeeded",
    )  # fmt: skip
    assert found["cost"]["actual"] == "0.1008"
    opened = archive(found)
    stems = [name.rsplit(".", 1)[0] for name in images(opened)]
    assert stems == ["a-red-chair-in-a-loft", "SKU_7", "no-chair-at-all"]
    for prompt, body in [("A red chair in a loft", red), ("A blue chair", blue)]:
        (create,) = fake.creates(prompt)
        (url,) = create.input["image_input"]
        assert httpx.get(url).content == body
    (create,) = fake.creates("No chair at all")
    assert "image_input" not in create.input
    check_pdf(opened, tmp_path)


def check_pdf(opened: Any, folder: Path) -> None:
    """With other people's tools: as many pages as images, in their order, pixel by pixel."""
    if not (shutil.which("pdfinfo") and shutil.which("pdfimages")):
        pytest.skip("poppler-utils is not installed")
    (folder / "pages.pdf").write_bytes(opened.read("pages.pdf"))
    told = subprocess.run(
        ["pdfinfo", "pages.pdf"], cwd=folder, capture_output=True, text=True, check=True
    )
    names = images(opened)
    assert f"Pages:           {len(names)}" in told.stdout
    assert told.stderr == ""
    subprocess.run(["pdfimages", "-png", "pages.pdf", "page"], cwd=folder, check=True)
    for number, name in enumerate(names):
        with Image.open(folder / f"page-{number:03}.png") as page:
            seen = page.convert("RGB").tobytes()
        with Image.open(io.BytesIO(opened.read(name))) as image:
            assert seen == image.convert("RGB").tobytes()


def test_refused_prompt_is_listed_and_missing_in_pdf(
    live: httpx.Client, fake: FakeProviders, tmp_path: Path
) -> None:
    fake.script("failed", prompt="Refused one", text="flagged as sensitive (E005)")
    found = generated(
        live,
        {"prompt": "Fine one"},
        {"prompt": "Refused one"},
        {"prompt": "Another fine one"},
        model=MODEL,
        options={"include_pdf": True},
    )
    assert (found["done"], found["failed"]) == (2, 1)
    opened = archive(found)
    (row,) = json.loads(opened.read("failed_rows.json"))
    assert (row["row"], row["custom_id"], row["code"]) == (None, "item-0002", "content_refused")
    check_pdf(opened, tmp_path)


def test_hd_is_priced_and_asked_for_as_such(live: httpx.Client, fake: FakeProviders) -> None:
    found = generated(
        live,
        {"prompt": "A fine clock"},
        model="google/nano-banana-2.1",
        options={"quality": "hd"},
    )
    assert found["cost"]["actual"] == "0.0504"
    (create,) = fake.creates("A fine clock")
    assert create.input["resolution"] == "2K"


def test_a_public_url_is_handed_on_and_never_fetched(
    live: httpx.Client, fake: FakeProviders
) -> None:
    url = "https://shop.example.com/never-fetched.png"
    generated(live, {"prompt": "Handed on", "file": url}, model=MODEL)
    (create,) = fake.creates("Handed on")
    assert create.input["image_input"] == [url]


def test_without_a_key_the_images_are_placeholders(api: httpx.Client, tmp_path: Path) -> None:
    found = generated(
        api, {"prompt": "A red chair"}, {"prompt": "A red chair"}, options={"include_pdf": True}
    )
    assert (found["mode"], found["cost"]["actual"]) == ("development", "0.07")
    opened = archive(found)
    assert images(opened) == ["a-red-chair.png", "a-red-chair-2.png"]
    check_pdf(opened, tmp_path)


def test_scheduled_check_finds_a_gone_model(
    live: httpx.Client, live_stack: Stack, aws: Aws, fake: FakeProviders
) -> None:
    body = {"items": [{"prompt": "Quoted"}], "dry_run": True}
    quote = live.post("/api/v1/batch/generate", json=body).json()["quote_id"]
    fake.gone = [MODEL]
    function = live_stack["functions"]["ApiFunction"]
    answer = aws("lambda", live_stack).invoke(
        FunctionName=function, Payload=b'{"task": "check-models"}'
    )
    assert json.load(answer["Payload"])["checked"] > 5

    gone = {m["id"]: m for m in live.get("/api/models").json()["items"]}[MODEL]
    refused = live.post("/api/v1/batch/generate", json=body | {"model": MODEL})
    assert (gone["usable"], refused.status_code) == (False, 422)
    assert refused.json()["error"] == "Model is no longer available"
    words = [*command(), "models", "--check", "--url", live_stack["apiUrl"]]
    told = subprocess.run(words, env=environment(), capture_output=True, text=True, check=False)
    assert (told.returncode, f"no longer has {MODEL}" in " ".join(told.stdout.split())) == (1, True)
    fake.gone = []
    assert live.post("/api/models/check").json()["healthy"]
    again = {"items": body["items"], "quote_id": quote}
    accepted = live.post("/api/v1/batch/generate", json=again)
    assert accepted.status_code == 202, accepted.text
    assert finished(live, accepted.json()["batch_id"])["cost"]["max"] == "0.0336"
