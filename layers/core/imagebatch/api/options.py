"""Options of a request that creates a batch, from any source."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from imagebatch.api.http import json_object_of
from imagebatch.api.request import Request
from imagebatch.domain.notice import Notice
from imagebatch.schemas.field_names import named_fields, unknown_fields_warning
from imagebatch.schemas.request_parsing import from_text
from imagebatch.usecases.submit_batch import Submission


def json_fields(request: Request) -> dict[str, Any]:
    """Return the fields of the body and of the query."""
    return from_text(request.query) | json_object_of(request.event)


def with_unknown_fields(
    submission: Submission, model: type[BaseModel], sent: Mapping[str, Any]
) -> Submission:
    """Return the submission with a notice that lists unknown fields."""
    unknown = named_fields(model, sent).unknown
    if not unknown:
        return submission
    return submission.with_notice(Notice("unknown-fields", unknown_fields_warning(unknown)))
