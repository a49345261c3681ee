"""The findings of `imagebatch doctor` about the models, from the last check."""

from collections.abc import Callable
from datetime import timedelta

from imagebatch.domain.model_choice import UsableModels
from imagebatch.ports.clock import Clock
from imagebatch.usecases.diagnose_stack import Finding, Health

NAME = "models"
STALE_AFTER = timedelta(days=2)
CHECK = "Run `imagebatch models --check`."


class DiagnoseModels:
    def __init__(
        self, models: Callable[[], UsableModels], default_model: str, clock: Clock
    ) -> None:
        self._models = models
        self._default_model = default_model
        self._clock = clock

    def __call__(self) -> list[Finding]:
        models = self._models()
        if self._default_model and self._default_model not in models.registry.models:
            text = f"DefaultModel is {self._default_model}, which is not in the registry."
            return [Finding(NAME, Health.PROBLEM, text, 'See "Models" in docs/models.md.')]
        if not models.providers:
            return [Finding(NAME, Health.OK, "Not needed in development mode.")]
        return [self._gone(models) or self._age(models)]

    def _gone(self, models: UsableModels) -> Finding | None:
        gone = sorted(name for name in models.gone if not models.registry.models[name].retired)
        if not gone:
            return None
        text = f"No longer at their provider: {', '.join(gone)}."
        return Finding(NAME, Health.PROBLEM, text, 'See "Retire a model" in docs/models.md.')

    def _age(self, models: UsableModels) -> Finding:
        last = max(models.checked.values(), default=None)
        if last is None:
            return Finding(NAME, Health.UNKNOWN, "The models have not been checked yet.", CHECK)
        text = f"Last checked {last:%Y-%m-%d %H:%M} UTC"
        if self._clock.now() - last > STALE_AFTER:
            return Finding(NAME, Health.WARNING, f"{text}; expected once a day.", CHECK)
        return Finding(NAME, Health.OK, f"{text}: none is gone.")
