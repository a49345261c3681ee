"""The options of a deploy: SAM's arguments, samconfig.toml and the environment."""

import shlex
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

OVERRIDES = "--parameter-overrides"


@dataclass(frozen=True, slots=True)
class Options:
    """`arguments` are without the parameter overrides, which are in `parameters`.

    `saved` is the section of samconfig.toml that `sam deploy` would read.
    """

    arguments: tuple[str, ...]
    parameters: Mapping[str, str]
    saved: Mapping[str, Any]

    @classmethod
    def parse(cls, words: Sequence[str], config: Path) -> "Options":
        kept, given = split_overrides(words)
        environment = option(kept, "--config-env") or "default"
        sections = tomllib.loads(config.read_text()).get(environment, {}) if config.exists() else {}
        saved = {
            **sections.get("global", {}).get("parameters", {}),
            **sections.get("deploy", {}).get("parameters", {}),
        }
        before = saved.get("parameter_overrides", ())
        words_before = shlex.split(before) if isinstance(before, str) else list(before)
        return cls(tuple(kept), {**pairs(words_before), **pairs(given)}, saved)

    @property
    def stack(self) -> str:
        return option(self.arguments, "--stack-name") or str(self.saved["stack_name"])

    @property
    def profile(self) -> str | None:
        return option(self.arguments, "--profile") or self.saved.get("profile")

    def region(self, environment: Mapping[str, str], of_the_profile: str | None) -> str | None:
        """AWS_DEFAULT_REGION comes last, because shells often export it globally."""
        return (
            option(self.arguments, "--region")
            or environment.get("AWS_REGION")
            or self.saved.get("region")
            or of_the_profile
            or environment.get("AWS_DEFAULT_REGION")
            or None
        )


def option(words: Sequence[str], name: str) -> str | None:
    """Return the value of `--name value` or `--name=value`, the last one if repeated."""
    found = None
    for index, word in enumerate(words):
        if word == name and index + 1 < len(words):
            found = words[index + 1]
        elif word.startswith(f"{name}="):
            found = word.partition("=")[2]
    return found


def split_overrides(words: Iterable[str]) -> tuple[list[str], list[str]]:
    """Return the arguments of other options, and those of the overrides, which end at the next
    option.
    """
    kept: list[str] = []
    overrides: list[str] = []
    inside = False
    for word in words:
        if word.startswith("-"):
            inside = word.partition("=")[0] == OVERRIDES
            if inside and "=" in word:
                overrides += shlex.split(word.partition("=")[2])
            elif not inside:
                kept.append(word)
        else:
            (overrides if inside else kept).append(word)
    return kept, overrides


def pairs(words: Iterable[str]) -> dict[str, str]:
    """Parse `Name=value` and `ParameterKey=Name,ParameterValue=value`."""
    found = {}
    for word in words:
        name, _, value = word.partition("=")
        if name == "ParameterKey":
            name, _, value = value.partition(",ParameterValue=")
        found[name] = value
    return found
