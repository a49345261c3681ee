"""The car CSV's way in: from the bytes of a sheet to a submission."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_registry import Quality
from imagebatch.intake.cars import plan_cars, refuse_invalid_rows
from imagebatch.intake.sheet import read_sheet
from imagebatch.intake.templates import Template
from imagebatch.usecases.submit_batch import Submission, requirements


@dataclass(frozen=True, slots=True)
class PlanCarBatch:
    models: Callable[[], UsableModels]
    templates: Mapping[str, Template]
    max_rows: int

    def __call__(
        self,
        owner: str,
        body: bytes,
        *,
        model_name: str | None = None,
        fallback: Sequence[str] = (),
        quality: Quality = Quality.STANDARD,
        skip_invalid: bool = False,
        max_cost: Decimal | None = None,
        **facts: Any,
    ) -> Submission:
        """Reads, checks and plans a sheet; InvalidRequestError for one that is refused."""
        sheet = read_sheet(body, max_rows=self.max_rows)
        if not skip_invalid:
            refuse_invalid_rows(sheet)
        usable = self.models()
        models = usable.chain(model_name, fallback)
        plan = plan_cars(
            sheet,
            model=models[0],
            templates=self.templates,
            price=usable.price(models, quality),
            quality=quality,
            skip_invalid=skip_invalid,
        )
        usable.check(models, requirements(plan))
        return Submission(
            owner=owner,
            plan=plan,
            models=models,
            mode=usable.mode,
            quality=quality,
            source=body,
            source_type="text/csv",
            max_cost=max_cost,
            **facts,
        )
