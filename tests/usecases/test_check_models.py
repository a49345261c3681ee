"""The check of the models: what is kept, reported, and called in use."""

from collections.abc import Mapping, Sequence
from copy import replace
from dataclasses import dataclass, field

import pytest

from imagebatch.domain.model_checks import (
    CheckedModel,
    ModelCheck,
    Presence,
    Sighting,
    current_checks,
    gone_models,
)
from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_registry import ImageModel, ModelRegistry, ModelState
from imagebatch.intake.sheet_templates import SheetTemplate
from imagebatch.ports.model_checks import ModelCheckStore
from imagebatch.ports.model_lookup import ModelLookup
from imagebatch.usecases.check_models import CheckModels
from imagebatch.usecases.diagnose_models import DiagnoseModels
from testing.fakes import FakeClock, InMemoryBatchStore, InMemoryTemplateStore
from testing.fakes.telemetry import SilentTelemetry
from testing.models import a_model, a_registry

OLD = a_model("o/old", provider="replicate", state=ModelState.RETIRED, successor="o/first")
FIRST = a_model("o/first", provider="replicate", successor="o/second")
SECOND = a_model("o/second", provider="replicate", max_images=2)
OTHER = a_model("r/other", provider="runpod")
SERVED, GONE = Sighting(Presence.SERVED), Sighting(Presence.GONE, "It no longer has it.")


@dataclass
class Lookup(ModelLookup):
    """What a provider says of models by id; of all others that it has them."""

    says: dict[str, Sighting] = field(default_factory=dict)

    def look_up(self, models: Sequence[ImageModel]) -> Mapping[str, Sighting]:
        return {model.id: self.says.get(model.id, SERVED) for model in models}


@dataclass
class Checks(ModelCheckStore):
    kept: Mapping[str, ModelCheck] = field(default_factory=dict)

    def load(self) -> Mapping[str, ModelCheck]:
        return self.kept

    def save(self, checks: Mapping[str, ModelCheck]) -> None:
        self.kept = dict(checks)


@dataclass
class Stack:
    registry: ModelRegistry
    lookup: Lookup = field(default_factory=Lookup)
    checks: Checks = field(default_factory=Checks)
    templates: InMemoryTemplateStore = field(default_factory=InMemoryTemplateStore)
    clock: FakeClock = field(default_factory=FakeClock)
    telemetry: SilentTelemetry = field(default_factory=SilentTelemetry)
    default_model: str = ""

    def models(self) -> UsableModels:
        checks = current_checks(self.registry, self.checks.load())
        return UsableModels(
            registry=self.registry,
            providers=frozenset({"replicate"}),
            gone=gone_models(checks),
            checked={name: check.checked_at for name, check in checks.items()},
        )

    def check(self) -> dict[str, CheckedModel]:
        check = CheckModels(
            self.models,
            self.default_model,
            self.lookup,
            self.checks,
            self.templates,
            InMemoryBatchStore(),
            self.clock,
            self.telemetry,
        )
        return {each.model.id: each for each in check("ann")}

    def doctor(self) -> tuple[str, str]:
        [finding] = DiagnoseModels(self.models, self.default_model, self.clock)()
        return finding.health.value, finding.message


@pytest.fixture
def stack() -> Stack:
    registry = a_registry(OLD, FIRST, SECOND, OTHER)
    return Stack(replace(registry, defaults=("o/old", "r/other", "o/first")))


def test_only_models_of_configured_providers_are_checked(stack: Stack) -> None:
    assert stack.check().keys() == {"o/old", "o/first", "o/second"}


def test_a_gone_model_is_marked_reported_and_unusable(stack: Stack) -> None:
    stack.lookup.says["o/first"] = GONE

    checked = stack.check()["o/first"]

    assert (checked.unavailable, checked.in_use) == (True, True)
    assert stack.models().gone == {"o/first"}
    assert "gone o/first" in stack.telemetry.notes
    assert stack.doctor() == ("problem", "No longer at their provider: o/first.")


def test_an_unclear_answer_changes_nothing(stack: Stack) -> None:
    stack.lookup.says["o/first"] = GONE
    before = stack.check()["o/first"].checked_at
    stack.lookup.says["o/first"] = Sighting(Presence.UNCLEAR, "It did not answer.")
    stack.clock.advance(60)

    after = stack.check()["o/first"]

    assert stack.models().gone == {"o/first"}
    assert (after.checked_at, after.sighting.presence) == (before, Presence.UNCLEAR)
    assert stack.telemetry.notes.count("gone o/first") == 1


def test_a_model_that_is_served_again_is_usable(stack: Stack) -> None:
    stack.lookup.says["o/first"] = GONE
    stack.check()
    stack.lookup.says.clear()
    stack.check()
    assert not stack.models().gone


def test_corrected_entry_is_no_longer_gone(stack: Stack) -> None:
    stack.lookup.says["o/first"] = GONE
    stack.check()
    corrected = replace(FIRST, upstream="o/renamed")
    stack.registry = replace(stack.registry, models={**stack.registry.models, "o/first": corrected})
    assert not stack.models().gone


def test_a_retired_model_that_is_served_is_reported(stack: Stack) -> None:
    stack.check()
    assert stack.telemetry.notes == ["retired model is served again"]
    stack.lookup.says["o/old"] = GONE
    stack.check()
    assert stack.telemetry.notes == ["retired model is served again"]


@pytest.mark.parametrize(
    ("template", "default_model", "in_use"),
    [
        (None, "", {"o/first", "o/second"}),
        (None, "o/old", {"o/first", "o/second", "o/old"}),
        ({"model": "o/old"}, "", {"o/first", "o/second", "o/old"}),
        ({"fallback": ("o/old",)}, "", {"o/first", "o/second", "o/old"}),
    ],
)
def test_defaults_and_own_templates_are_in_use(
    stack: Stack, template: dict[str, object] | None, default_model: str, in_use: set[str]
) -> None:
    stack.default_model = default_model
    if template is not None:
        found = replace(SheetTemplate(name="t", prompt="a {{x}}"), **template)  # type: ignore[arg-type] # by the table
        stack.templates.put("ann", found, limit=9)

    checked = stack.check().values()

    assert {each.model.id for each in checked if each.in_use} == in_use


def test_doctor_tells_when_the_check_does_not_run(stack: Stack) -> None:
    assert stack.doctor()[0] == "unknown"
    stack.check()
    assert stack.doctor() == ("ok", "Last checked 2026-01-05 09:00 UTC: none is gone.")
    stack.clock.advance(3 * 86_400)
    assert stack.doctor()[0] == "warning"


def test_doctor_tells_a_default_model_that_is_unknown(stack: Stack) -> None:
    stack.default_model = "no/body"
    assert stack.doctor()[0] == "problem"
