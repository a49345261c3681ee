"""Intake of prompt lists: from drafts to a submission."""

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.model_choice import UsableModels
from imagebatch.domain.model_registry import Quality
from imagebatch.domain.uploads import UploadKind
from imagebatch.intake.field_problems import FieldProblem, invalid_fields
from imagebatch.intake.prompts import PromptDraft, plan_prompts, repeated_ids
from imagebatch.intake.uploads import unusable_reason
from imagebatch.intake.urls import url_rejection_reason
from imagebatch.ports.uploads import UploadStore
from imagebatch.structs import Struct
from imagebatch.usecases import keys
from imagebatch.usecases.submit_batch import Submission, requirements

_UPLOAD_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class PlanPromptBatch(Struct, frozen=True):
    models: Callable[[], UsableModels]
    uploads: UploadStore
    max_rows: int

    def __call__(
        self,
        owner: str,
        drafts: Sequence[PromptDraft],
        *,
        source: bytes,
        model_name: str | None = None,
        fallback: Sequence[str] = (),
        quality: Quality = Quality.STANDARD,
        include_pdf: bool = False,
        **facts: Any,
    ) -> Submission:
        """Validate and plan the drafts; UnprocessableError lists the problems."""
        problems = self.problems(owner, drafts, model_name=model_name)
        if problems:
            raise invalid_fields(problems)
        usable = self.models()
        with_images = any(draft.file for draft in drafts)
        models = usable.chain(model_name, fallback, with_images=with_images)
        plan = plan_prompts(
            drafts,
            model=models[0],
            quality=quality,
            price=lambda images: usable.price(models, quality, images),
            reference=_reference,
        )
        usable.check(models, requirements(plan))
        return Submission(
            owner=owner,
            plan=plan,
            models=models,
            mode=usable.mode,
            quality=quality,
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
    ) -> list[FieldProblem]:
        """Everything that one field alone does not show; InvalidRequestError for too many
        items.
        """
        self._check_count(len(drafts))
        found = [*repeated_ids(drafts), *self._unusable(owner, drafts)]
        unknown = self.models().unknown_reason(model_name)
        return [FieldProblem("model", unknown), *found] if unknown else found

    def _check_count(self, count: int) -> None:
        if count > self.max_rows:
            raise InvalidRequestError(
                "row-limit",
                f"Row limit exceeded (max {self.max_rows})",
                title="The batch has too many items",
                detail=f"The batch has {count} items; a batch accepts at most {self.max_rows}.",
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
    """Return a file's stored reference: the object's key, or the URL unchanged."""
    return keys.S3_PREFIX + keys.upload(file) if _UPLOAD_ID.fullmatch(file) else file
