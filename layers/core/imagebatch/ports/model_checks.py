"""Looking models up at their providers, and keeping what was found."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from imagebatch.domain.model_checks import ModelCheck, ModelChecks, Sighting
from imagebatch.domain.model_registry import ImageModel


class ModelLookup(Protocol):
    def look_up(self, models: Sequence[ImageModel]) -> Mapping[str, Sighting]:
        """By the models' ids, with free requests only. Never raises for a provider's answer."""
        ...


class ModelCheckStore(Protocol):
    def load(self) -> ModelChecks: ...

    def save(self, checks: Mapping[str, ModelCheck]) -> None:
        """Replaces everything that is kept."""
        ...
