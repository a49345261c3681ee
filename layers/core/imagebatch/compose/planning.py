"""Planning and submitting batches."""

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from imagebatch.compose.models import Models
from imagebatch.data import data_text

if TYPE_CHECKING:
    from imagebatch.intake.templates import Template
    from imagebatch.usecases.idempotency import IdempotentExecutor
    from imagebatch.usecases.plan_sheet_batch import PlanSheetBatch
    from imagebatch.usecases.submit_batch import SubmitBatch
    from imagebatch.usecases.templates import ManageTemplates


class Planning(Models):
    @cached_property
    def execute_once(self) -> "IdempotentExecutor":
        from imagebatch.adapters.dynamodb.idempotency import DynamoDBIdempotencyStore
        from imagebatch.usecases.idempotency import IdempotentExecutor

        keys = DynamoDBIdempotencyStore(*self.table)
        return IdempotentExecutor(keys, self.clock, self.random)

    @cached_property
    def submit(self) -> "SubmitBatch":
        from imagebatch.usecases.submit_batch import SubmitBatch

        return SubmitBatch(
            self.records,
            self.media,
            self.dispatch_queue,
            self.settings.retention,
            self.accounts,
        )

    @cached_property
    def templates(self) -> "Mapping[str, Template]":
        from imagebatch.intake.templates import Template

        return {name: Template(data_text(f"prompts/car.{name}.txt")) for name in ("white", "hub")}

    @cached_property
    def plan_sheet_batch(self) -> "PlanSheetBatch":
        from imagebatch.usecases.plan_sheet_batch import PlanSheetBatch

        return PlanSheetBatch(
            self.usable_models, self.templates, self.uploads, self.settings.max_rows
        )

    @cached_property
    def manage_templates(self) -> "ManageTemplates":
        from imagebatch.adapters.dynamodb.templates import DynamoDBTemplateStore
        from imagebatch.intake.sheet_templates import BUILT_IN, SheetTemplate
        from imagebatch.usecases.templates import ManageTemplates

        store = DynamoDBTemplateStore(*self.table, report=self.telemetry.unreadable)
        texts = {name: data_text(f"prompts/{name.replace('-', '.')}.txt") for name in BUILT_IN}
        built_in = {name: SheetTemplate(name=name, prompt=texts[name].strip()) for name in BUILT_IN}
        return ManageTemplates(store, self.clock, built_in)
