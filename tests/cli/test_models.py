"""`imagebatch models`: what each model costs and makes, and why one cannot be used."""

import json
from typing import Any

import pytest

from imagebatch_cli import app
from testing.fake_api import Answer, FakeApi

NEW: dict[str, Any] = {
    "id": "google/nano-banana-2.1",
    "state": "available",
    "usable": True,
    "reason": None,
    "default": True,
    "aspectRatios": ["1:1", "16:9"],
    "qualities": [{"name": "standard", "price": "0.0336", "unit": "image"}],
    "maxImages": 14,
    "supportsSeed": False,
    "successor": None,
}
OLD = NEW | {
    "id": "google/imagen-3",
    "state": "retired",
    "usable": False,
    "reason": "The model was retired on 2026-06-30.",
    "default": False,
    "successor": "google/nano-banana-2.1",
}
FAST = NEW | {
    "id": "runpod/flux-1-schnell",
    "usable": False,
    "reason": "No key for the provider runpod is configured.",
    "default": False,
    "qualities": [{"name": "standard", "price": "0.0024", "unit": "megapixel"}],
}


@pytest.fixture
def run(api: FakeApi, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> Any:
    monkeypatch.setenv("IMAGEBATCH_URL", api.url)
    monkeypatch.setenv("IMAGEBATCH_TOKEN", "t")
    monkeypatch.setenv("IMAGEBATCH_CONFIG_DIR", str(tmp_path))
    api.answers["GET", "/api/models"] = Answer(200, {"items": [OLD, NEW, FAST]})
    return lambda *words: app.run(["models", *words])


@pytest.mark.slow
def test_models_are_listed_with_reasons(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run() == 0
    lines = {
        line.split()[0]: " ".join(line.split())
        for line in capsys.readouterr().out.split("\n")
        if line
    }

    assert lines["google/nano-banana-2.1"].endswith("default standard 0.0336 14 1:1 16:9")
    assert "not usable standard 0.0024/MP" in lines["runpod/flux-1-schnell"]
    assert lines["google/imagen-3:"].endswith("Successor: google/nano-banana-2.1.")


def test_json_is_the_answer_as_it_came(run: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--json") == 0
    assert json.loads(capsys.readouterr().out)["items"] == [OLD, NEW, FAST]


CHECKED = {"provider": "replicate", "reason": None, "checkedAt": None}
SERVED = CHECKED | {
    "id": "google/nano-banana-2.1",
    "state": "available",
    "result": "served",
    "inUse": True,
    "successor": None,
}
GONE = SERVED | {
    "id": "google/nano-banana-pro",
    "result": "gone",
    "reason": "Replicate no longer has google/nano-banana-pro.",
    "successor": "google/nano-banana-2.1",
}
BACK = SERVED | {"id": "google/imagen-3", "state": "retired", "inUse": False}


@pytest.mark.parametrize(
    ("items", "healthy", "code", "words"),
    [
        ([SERVED, BACK], True, 0, ["google/imagen-3: retired, but its provider serves it."]),
        ([SERVED, GONE], False, 1, ["no longer has google/nano-banana-pro.", "Successor: google"]),
        ([BACK | {"inUse": True, "result": "gone"}], False, 1, ["google/imagen-3: retired, but"]),
        ([], True, 0, ["development mode"]),
    ],
)
def test_check_fails_where_a_model_in_use_is_gone(
    run: Any,
    api: FakeApi,
    capsys: pytest.CaptureFixture[str],
    items: list[dict[str, Any]],
    healthy: bool,
    code: int,
    words: list[str],
) -> None:
    api.answers["POST", "/api/models/check"] = Answer(200, {"healthy": healthy, "items": items})

    assert run("--check") == code

    said = " ".join(capsys.readouterr().out.split())
    assert [word for word in words if word not in said] == []
