"""The stored results of looking up models at their providers, used for new batches."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from imagebatch.domain.model_registry import ImageModel, ModelRegistry
from imagebatch.structs import Struct


class Presence(StrEnum):
    SERVED = "served"
    GONE = "gone"
    UNCLEAR = "unclear"


class Sighting(Struct, frozen=True):
    """A provider's response about a model; `reason` explains an unclear or negative one."""

    presence: Presence
    reason: str = ""


class ModelCheck(Struct, frozen=True):
    """A provider's last clear response.

    `upstream` are the names that were looked up. If the entry's names have changed since, the
    response does not apply to it.
    """

    upstream: tuple[str, ...]
    gone: bool
    checked_at: datetime


class CheckedModel(Struct, frozen=True, kw_only=True):
    """`in_use`: a default of the stack, or named by a template or an unfinished batch."""

    model: ImageModel
    sighting: Sighting
    in_use: bool
    checked_at: datetime | None

    @property
    def unavailable(self) -> bool:
        return self.model.retired or self.sighting.presence is Presence.GONE


type ModelChecks = Mapping[str, ModelCheck]


def current_checks(registry: ModelRegistry, checks: ModelChecks) -> dict[str, ModelCheck]:
    """Return the results that apply to the models as they are in the registry now."""
    return {
        name: check
        for name, check in checks.items()
        if name in registry.models and registry.models[name].upstream_names == check.upstream
    }


def gone_models(checks: ModelChecks) -> frozenset[str]:
    return frozenset(name for name, check in checks.items() if check.gone)
