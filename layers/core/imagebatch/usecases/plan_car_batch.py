"""The car CSV's way in: from the bytes of a sheet to a submission."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from imagebatch.domain.model_registry import ModelRegistry, Quality
from imagebatch.intake.cars import plan_cars
from imagebatch.intake.sheet import read_sheet
from imagebatch.intake.templates import Template
from imagebatch.usecases.submit_batch import Submission, mode_of, price_of


@dataclass(frozen=True, slots=True)
class PlanCarBatch:
    registry: ModelRegistry
    templates: Mapping[str, Template]
    providers: frozenset[str]
    max_rows: int

    def __call__(
        self,
        owner: str,
        body: bytes,
        *,
        model_name: str | None = None,
        skip_invalid: bool = False,
        max_cost: Decimal | None = None,
        **facts: Any,
    ) -> Submission:
        """Reads, checks and plans a sheet; InvalidRequestError for one that is refused."""
        sheet = read_sheet(body, max_rows=self.max_rows)
        model = self.registry.find(model_name)
        mode = mode_of(model, self.providers)
        plan = plan_cars(
            sheet,
            model=model,
            templates=self.templates,
            price=price_of(model, mode, self.registry, Quality.STANDARD),
            skip_invalid=skip_invalid,
        )
        return Submission(
            owner=owner,
            plan=plan,
            model=model,
            mode=mode,
            source=body,
            source_type="text/csv",
            max_cost=max_cost,
            **facts,
        )
