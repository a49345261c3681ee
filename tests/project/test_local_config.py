"""`make up` and `make demo` take every parameter of the template from the environment."""

import argparse
import re
from pathlib import Path

import pytest

from local import __main__ as command
from local import paths, stack
from local.build import template_parameters
from local.config import KEYS, Config, variable

DOCUMENTED = [
    *("PORT", "AUTH_MODE", "MAX_ROWS", "WORKER_CONCURRENCY", "DEV_LATENCY", "ALLOWED_ORIGINS"),
    *("REPLICATE_API_TOKEN", "REPLICATE_BASE_URL", "FAL_KEY"),
    *("RUNPOD_API_KEY", "RUNPOD_ENDPOINT_ID", "RUNPOD_BASE_URL"),
    *("ARCHIVE_TTL_SECONDS", "ITEM_DEADLINE_SECONDS", "WORKER_TIMEOUT_SECONDS"),
    "SWEEP_AFTER_SECONDS",
]


def read(**env: str) -> Config:
    return Config.from_env(env, template_parameters())


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_documented_variable_is_read(name: str) -> None:
    assert read(**{name: "7"}) != read()


@pytest.mark.parametrize("parameter", sorted(template_parameters()))
def test_a_parameter_is_read_from_its_name_in_capitals(parameter: str) -> None:
    assert re.fullmatch(r"[A-Z][A-Z0-9]*(_[A-Z0-9]+)*", variable(parameter))
    assert read(**{variable(parameter): "x"}).values == {parameter: "x"}


def test_a_providers_key_is_kept_apart_from_the_parameters() -> None:
    config = read(**{key: f"key of {name}" for name, key in KEYS.items()})
    assert config.keys == {name: f"key of {name}" for name in KEYS}
    assert not config.values


def test_stack_with_killed_emulator_is_reported_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "LOCAL", tmp_path)
    monkeypatch.delenv("PORT", raising=False)
    home = paths.home(4566)
    home.mkdir()
    (home / "stack.json").write_text('{"digest": "d", "description": {}}')
    monkeypatch.setattr(stack, "up", lambda *_: {"webUrl": "w", "apiUrl": "a"})
    monkeypatch.setattr(stack, "register", lambda *_: None)

    assert command.up(argparse.Namespace()) == 0
    assert "port 4566 has ended" in capsys.readouterr().err


def test_a_first_start_reports_nothing_lost(tmp_path: Path) -> None:
    assert not stack.was_lost(4566, tmp_path / "4566")


@pytest.mark.parametrize("given", ["", "https://a.example,https://b.example"])
def test_the_page_s_own_origin_is_always_allowed(given: str) -> None:
    config = read(ALLOWED_ORIGINS=given)
    origins = config.parameters()["AllowedOrigins"].split(",")
    assert origins == [config.web_url, *filter(None, given.split(","))]
