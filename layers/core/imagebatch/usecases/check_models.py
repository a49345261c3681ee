"""Looks up every model at its provider, stores clear results, and reports models that are gone."""

from collections.abc import Callable, Iterator
from collections.abc import Set as AbstractSet

from imagebatch.domain.model_checks import CheckedModel, ModelCheck, Presence, current_checks
from imagebatch.domain.model_choice import UsableModels
from imagebatch.ports.clock import Clock
from imagebatch.ports.model_checks import ModelCheckStore
from imagebatch.ports.model_lookup import ModelLookup
from imagebatch.ports.records import BatchStore
from imagebatch.ports.telemetry import Telemetry
from imagebatch.ports.templates import TemplateStore
from imagebatch.structs import Struct


class CheckModels(Struct, frozen=True):
    """An unclear response changes nothing: the last clear one stays.

    `models` returns the current registry, with the results of the last check.
    """

    models: Callable[[], UsableModels]
    default_model: str
    lookup: ModelLookup
    checks: ModelCheckStore
    templates: TemplateStore
    batches: BatchStore
    clock: Clock
    telemetry: Telemetry

    def __call__(self, owner: str | None = None) -> list[CheckedModel]:
        """`owner` is the owner whose templates count as use; the daily check has none."""
        usable = self.models()
        models = [
            model for model in usable.registry.models.values() if model.provider in usable.providers
        ]
        found = self.lookup.look_up(models)
        kept = current_checks(usable.registry, self.checks.load())
        for model in models:
            if found[model.id].presence is not Presence.UNCLEAR:
                gone = found[model.id].presence is Presence.GONE
                kept[model.id] = ModelCheck(model.upstream_names, gone, self.clock.now())
        self.checks.save(kept)
        in_use = self._in_use(usable, owner)
        checked = [
            CheckedModel(
                model=model,
                sighting=found[model.id],
                in_use=model.id in in_use,
                checked_at=kept[model.id].checked_at if model.id in kept else None,
            )
            for model in models
        ]
        self._report(checked)
        return checked

    def _in_use(self, usable: UsableModels, owner: str | None) -> AbstractSet[str]:
        names = {*_defaults(usable), self.default_model}
        names |= {batch.model for batch in self.batches.unfinished_batches()}
        for template in self.templates.list_templates(owner) if owner is not None else ():
            names |= {template.model or "", *template.fallback}
        return names

    def _report(self, checked: list[CheckedModel]) -> None:
        for each in checked:
            model, presence = each.model, each.sighting.presence
            if presence is Presence.GONE and not model.retired:
                self.telemetry.model_gone(model.id, each.sighting.reason)
            if presence is Presence.SERVED and model.retired:
                self.telemetry.log_event("retired model is served again", model=model.id)


def _defaults(usable: UsableModels) -> Iterator[str]:
    """Return the default of each kind as if no model were gone."""
    registry = usable.registry
    for names in (registry.defaults, registry.defaults_with_images):
        for name in names:
            model = registry.models[name]
            if model.provider in usable.providers and not model.retired:
                yield name
                break
