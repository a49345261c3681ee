"""Submitting prompts and variants."""

import json
from typing import Any

import pytest

from testing.fake_api import BATCH, Answer, FakeApi, status
from tests.cli.conftest import Cli

PROMPTS, VARIANTS = "/api/v1/batch/generate", "/api/batches"
ACCEPTED = {
    "batch_id": BATCH,
    "status": "queued",
    "total_items": 2,
    "mode": "live",
    "estimated_cost": "0.10",
    "warnings": [],
}
TWO = [{"prompt": "a red car"}, {"prompt": "a blue car, at night"}]


@pytest.mark.parametrize(
    ("name", "text", "items"),
    [
        ("list.txt", "a red car\n\n a blue car, at night \n", TWO),
        ("list.json", '["a red car", {"prompt": "a blue car, at night"}]', TWO),
        ("list.json", json.dumps({"items": TWO}), TWO),
        ("list.json", "\ufeff" + json.dumps(TWO), TWO),
    ],
)
def test_prompts_are_read_from_text_and_json(
    cli: Cli, api: FakeApi, name: str, text: str, items: list[Any]
) -> None:
    (cli.home / name).write_text(text)
    api.answers["POST", PROMPTS] = Answer(202, ACCEPTED)
    done = cli("prompts", "submit", name, "--quality", "hd", "--pdf", "--max-cost", "1", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["jobId"], told["total"]) == (BATCH, 2)
    (request,) = api.sent("POST", PROMPTS)
    assert request.json() == {
        "name": "list",
        "max_cost": "1",
        "options": {"quality": "hd", "include_pdf": True},
        "items": items,
    }
    assert request.headers["idempotency-key"]


@pytest.mark.parametrize("name", ["list.csv", "list.xlsx", "list"])
def test_a_sheet_of_prompts_is_read_by_the_service(cli: Cli, api: FakeApi, name: str) -> None:
    body = "prompt;custom_id\nein grünes Auto;eins\n".encode("cp1252")
    (cli.home / name).write_bytes(body)
    api.answers["POST", PROMPTS] = Answer(202, ACCEPTED)
    options = ["--encoding", "cp1252", "--pdf", "--max-cost", "1", "--json"]
    done = cli("prompts", "submit", name, *options)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["jobId"] == BATCH
    (request,) = api.sent("POST", PROMPTS)
    assert body in request.body
    for field in ("encoding", "include_pdf", "max_cost", "quality"):
        assert f'name="{field}"'.encode() in request.body
    assert request.headers["idempotency-key"]


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "[1", "not JSON"),
        ("a.json", '{"prompts": []}', "not a list"),
        ("a.txt", "\n \n", "no prompts"),
    ],
)
def test_files_without_prompts_are_refused(
    cli: Cli, api: FakeApi, name: str, text: str, message: str
) -> None:
    (cli.home / name).write_text(text)
    done = cli("prompts", "submit", name)
    assert (done.returncode, message in done.stderr) == (3, True), done.stderr
    assert not api.requests


@pytest.mark.slow
def test_variants_take_images_given_or_of_the_catalog(cli: Cli, api: FakeApi) -> None:
    found = {"variants": [{"variantId": 7, "variantImageUrl": "https://shop.example/7.jpg"}]}
    api.answers["POST", "/api/batches/image-candidates"] = Answer(200, found)
    api.answers["POST", VARIANTS] = Answer(202, status("queued") | {"warnings": []})
    words = "7 8=https://a.example/1.jpg?w=1 8=https://a.example/2.jpg --variations 2"
    settings = "--set purpose=catalog --set moodboard_id=4"
    models = "--fallback a/b --quality hd --quote q1"
    done = cli("variants", "submit", *words.split(), *settings.split(), *models.split())
    assert done.returncode == 0, done.stderr
    assert f"Batch {BATCH}: 3 images, about $0.15" in done.stdout
    assert api.sent("POST", VARIANTS)[0].json() == {
        "fallback": ["a/b"],
        "quality": "hd",
        "quoteId": "q1",
        "settings": {
            "schemaKey": "product-shot",
            "numberOfVariations": 2,
            "input": {"purpose": "catalog", "moodboard_id": 4},
        },
        "variants": [
            {"variantId": 7, "productImageUrls": ["https://shop.example/7.jpg"]},
            {
                "variantId": 8,
                "productImageUrls": ["https://a.example/1.jpg?w=1", "https://a.example/2.jpg"],
            },
        ],
    }


def test_variant_without_any_image_is_refused(cli: Cli, api: FakeApi) -> None:
    found = {"variants": [{"variantId": 7, "variantImageUrl": None}]}
    api.answers["POST", "/api/batches/image-candidates"] = Answer(200, found)
    done = cli("variants", "submit", "7")
    assert (done.returncode, "7=https://" in done.stderr) == (3, True)
    assert not api.sent("POST", VARIANTS)
