"""Where a deploy goes and what it sets."""

from pathlib import Path

import pytest

from deploy.options import Options

CONFIG = """
[default.global.parameters]
stack_name = "imagebatch"
[default.deploy.parameters]
parameter_overrides = "MaxRows=75 AlarmEmail=ops@example.com"
[shop.deploy.parameters]
stack_name = "shop"
region = "eu-north-1"
parameter_overrides = ["MaxRows=90"]
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "samconfig.toml"
    path.write_text(CONFIG)
    return path


@pytest.mark.parametrize(
    ("words", "environment", "profile", "region"),
    [
        ("", {"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, None, "eu-west-1"),
        ("", {"AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1", "eu-west-1"),
        ("", {"AWS_REGION": "eu-west-1"}, "eu-west-2", "eu-west-1"),
        ("--region eu-west-3", {"AWS_REGION": "eu-west-1"}, "eu-west-2", "eu-west-3"),
        ("--config-env shop", {"AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-2", "eu-north-1"),
        ("", {"AWS_DEFAULT_REGION": "us-east-1"}, None, "us-east-1"),
        ("", {}, None, None),
    ],
)
def test_an_exported_default_region_beats_nothing(
    config: Path, words: str, environment: dict[str, str], profile: str | None, region: str | None
) -> None:
    assert Options.parse(words.split(), config).region(environment, profile) == region


def test_overrides_are_joined_with_the_saved_ones(config: Path) -> None:
    words = [
        "--guided",
        "--parameter-overrides",
        "MaxRows=200",
        "AuthMode=oidc",
        "--no-progressbar",
    ]
    options = Options.parse(words, config)

    assert options.arguments == ("--guided", "--no-progressbar")
    assert options.parameters == {
        "MaxRows": "200",
        "AlarmEmail": "ops@example.com",
        "AuthMode": "oidc",
    }


@pytest.mark.parametrize(
    "words",
    [
        ["--parameter-overrides", "ParameterKey=MaxRows,ParameterValue=200"],
        ["--parameter-overrides=MaxRows=200"],
        ["--config-env", "shop", "--parameter-overrides", "MaxRows=200"],
    ],
)
def test_overrides_are_read_in_every_form(config: Path, words: list[str]) -> None:
    assert Options.parse(words, config).parameters["MaxRows"] == "200"


def test_the_stack_is_the_one_sam_would_deploy(config: Path) -> None:
    assert Options.parse([], config).stack == "imagebatch"
    assert Options.parse(["--config-env", "shop"], config).stack == "shop"
    assert Options.parse(["--stack-name=other"], config).stack == "other"
