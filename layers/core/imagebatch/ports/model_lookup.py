"""Asks providers for their models."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from imagebatch.domain.model_checks import Sighting
from imagebatch.domain.model_registry import ImageModel


class ModelLookup(Protocol):
    def look_up(self, models: Sequence[ImageModel]) -> Mapping[str, Sighting]:
        """Look up models by ID, with free requests only. Never raises for a provider's response."""
        ...
