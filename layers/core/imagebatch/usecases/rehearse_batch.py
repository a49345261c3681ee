"""Assigns simulated outcomes to rows of a batch, in development mode only."""

from collections.abc import Mapping

from imagebatch.domain.model_registry import Mode
from imagebatch.intake.field_problems import FieldProblem, invalid_fields
from imagebatch.intake.rehearsal import FIELD, cast_fates
from imagebatch.structs import replace
from imagebatch.usecases.submit_batch import Submission

LIVE = "is available in development mode only; this batch would generate and charge for real images"


def rehearsed(submission: Submission, rehearse: Mapping[str, str] | None) -> Submission:
    """UnprocessableError in live mode, and for a row or a fate that there is not."""
    if not rehearse:
        return submission
    if submission.mode is not Mode.DEVELOPMENT:
        raise invalid_fields([FieldProblem(FIELD, LIVE)])
    items, problems = cast_fates(submission.plan.items, rehearse)
    if problems:
        raise invalid_fields(problems)
    return replace(submission, plan=replace(submission.plan, items=items))
