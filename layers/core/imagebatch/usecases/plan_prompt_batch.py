"""The prompt list's way in: from drafts to a submission."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.model_registry import ModelRegistry, Quality
from imagebatch.intake.prompts import (
    FieldProblem,
    PromptDraft,
    invalid_fields,
    plan_prompts,
    repeated_ids,
    unsupported_options,
)
from imagebatch.intake.uploads import UploadKind, unusable_reason
from imagebatch.intake.urls import url_rejection_reason
from imagebatch.ports import UploadStore
from imagebatch.usecases import keys
from imagebatch.usecases.collect_image import OURS
from imagebatch.usecases.submit_batch import Submission, mode_of, price_of

_UPLOAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@dataclass(frozen=True, slots=True)
class PlanPromptBatch:
    registry: ModelRegistry
    uploads: UploadStore
    providers: frozenset[str]
    max_rows: int

    def __call__(
        self,
        owner: str,
        drafts: Sequence[PromptDraft],
        *,
        source: bytes,
        model_name: str | None = None,
        quality: Quality = Quality.STANDARD,
        include_pdf: bool = False,
        **facts: Any,
    ) -> Submission:
        """Checks and plans the drafts; InvalidRequestError 422 lists what is wrong."""
        problems = self.problems(owner, drafts, model_name=model_name, quality=quality)
        if problems:
            raise invalid_fields(problems)
        model = self.registry.find(model_name)
        mode = mode_of(model, self.providers)
        plan = plan_prompts(
            drafts,
            model=model,
            quality=quality,
            price=price_of(model, mode, self.registry, quality),
            reference=_reference,
        )
        return Submission(
            owner=owner,
            plan=plan,
            model=model,
            mode=mode,
            source=source,
            source_type="application/json",
            options={"quality": quality.value, "include_pdf": include_pdf},
            **facts,
        )

    def problems(
        self,
        owner: str,
        drafts: Sequence[PromptDraft],
        *,
        model_name: str | None,
        quality: Quality,
    ) -> list[FieldProblem]:
        """Everything that one field alone does not show; InvalidRequestError 400 for too many
        items.
        """
        self._check_count(len(drafts))
        found = [*repeated_ids(drafts), *self._unusable(owner, drafts)]
        try:
            model = self.registry.find(model_name)
        except InvalidRequestError as error:
            return [FieldProblem("model", error.detail), *found]
        return [*found, *unsupported_options(drafts, model, quality, self.registry)]

    def _check_count(self, count: int) -> None:
        if count > self.max_rows:
            raise InvalidRequestError(
                "row-limit",
                f"Row limit exceeded (max {self.max_rows})",
                title="The batch has too many items",
                detail=f"The batch has {count} items; a batch takes at most {self.max_rows}.",
            )

    def _unusable(self, owner: str, drafts: Sequence[PromptDraft]) -> list[FieldProblem]:
        faults = dict(self._faults(owner, {draft.file for draft in drafts if draft.file}))
        return [
            FieldProblem(f"items.{index}.file", faults[draft.file])
            for index, draft in enumerate(drafts)
            if draft.file in faults
        ]

    def _faults(self, owner: str, files: set[str]) -> Iterator[tuple[str, str]]:
        ids = sorted(file for file in files if _UPLOAD_ID.fullmatch(file))
        found = self.uploads.get_many(owner, ids) if ids else {}
        for file in files:
            if _UPLOAD_ID.fullmatch(file):
                fault = unusable_reason(found.get(file), UploadKind.PRODUCT)
            else:
                fault = url_rejection_reason(file)
            if fault:
                yield file, fault


def _reference(file: str) -> str:
    """What an item keeps of a file: the object it names, or the URL as it is."""
    return OURS + keys.upload(file) if _UPLOAD_ID.fullmatch(file) else file
