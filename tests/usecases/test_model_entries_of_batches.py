"""A batch runs on the entry it was accepted with, whatever becomes of the registry."""

from copy import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_registry import ModelRegistry
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from imagebatch.intake.prompts import PromptDraft
from imagebatch.usecases.plan_prompt_batch import PlanPromptBatch
from testing.app_harness import OWNER, AppHarness
from testing.fakes import InMemoryUploadStore
from testing.models import a_model, a_registry

MADE, OTHER = a_model("a/made", price="0.05"), a_model("a/other", price="0.01")
BEFORE = a_registry(MADE, OTHER)
EDITS = {
    "removed": a_registry(OTHER),
    "dearer": a_registry(replace(MADE, qualities=a_model(price="9").qualities), OTHER),
    "moved": a_registry(replace(MADE, provider="nobody", upstream="x/y"), OTHER),
}


class EditedApp(AppHarness):
    """Batches of prompts over a registry that a test edits."""

    def __init__(self) -> None:
        super().__init__()
        self.registry: ModelRegistry = BEFORE
        self.plan = PlanPromptBatch(self._usable, InMemoryUploadStore(), 50)

    def begin(self, count: int) -> None:
        drafts = [PromptDraft(f"prompt {number}") for number in range(count)]
        self.submit_batch(self.plan(OWNER, drafts, source=b"[]"), "b1")
        self.dispatch_items(OWNER, "b1", 1)

    def _usable(self) -> UsableModels:
        return UsableModels(registry=self.registry, providers=frozenset({"scripted"}))


@pytest.mark.parametrize("edit", EDITS)
def test_worker_finishes_batch_after_registry_edit(edit: str) -> None:
    app = EditedApp()
    app.begin(3)
    app.provider.seconds = 90
    app.deliver(seconds=20)
    assert app.item(0).state.prediction
    app.registry = EDITS[edit]
    app.drain()
    batch = app.finish()
    assert app.statuses == "sss"
    assert (batch.status, batch.money.actual) == (BatchStatus.COMPLETED, Decimal("0.15"))


@pytest.mark.parametrize("edit", EDITS)
def test_dead_letter_function_collects_after_registry_edit(edit: str) -> None:
    app = EditedApp()
    app.begin(1)
    [message] = app.queue.waiting
    app.provider.seconds = 90
    app.deliver(seconds=20)
    app.registry = EDITS[edit]
    app.clock.advance(timedelta(seconds=120).total_seconds())
    assert app.dead_letter(message.message, 60.0) is None
    assert app.item(0).status is ItemStatus.SUCCEEDED
    assert app.finish().money.actual == Decimal("0.05")
