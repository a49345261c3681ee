"""Intake of car sheets: a sheet batch with the built-in templates."""

from collections.abc import Sequence
from typing import Any

from imagebatch.domain.model_registry import Quality
from imagebatch.intake.sheet import ReadOptions
from imagebatch.structs import Struct
from imagebatch.usecases.plan_sheet_batch import PlanSheetBatch, SheetRequest
from imagebatch.usecases.submit_batch import Submission


class PlanCarBatch(Struct, frozen=True):
    plan: PlanSheetBatch

    def __call__(
        self,
        owner: str,
        body: bytes,
        *,
        model_name: str | None = None,
        fallback: Sequence[str] = (),
        quality: Quality | None = None,
        skip_invalid: bool = False,
        read: ReadOptions | None = None,
        **facts: Any,
    ) -> Submission:
        """Read, validate and plan a sheet; InvalidRequestError for a rejected one."""
        request = SheetRequest(
            body=body,
            model_name=model_name,
            fallback=fallback,
            quality=quality,
            skip_invalid=skip_invalid,
            read=read or ReadOptions(),
        )
        return self.plan(owner, request, **facts)
