"""Results of looking up models at their providers."""

from collections.abc import Mapping
from typing import Protocol

from imagebatch.domain.model_checks import ModelCheck, ModelChecks


class ModelCheckStore(Protocol):
    def load(self) -> ModelChecks: ...

    def save(self, checks: Mapping[str, ModelCheck]) -> None:
        """Replace everything that is stored."""
        ...
