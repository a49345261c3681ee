"""Invalid values in a request, each at the path of its field."""

from collections.abc import Sequence
from typing import Any

from imagebatch.domain.errors import InvalidRequestError, UnprocessableError
from imagebatch.structs import Struct


class FieldProblem(Struct, frozen=True):
    """`field` is the path in the request, such as `items.3.prompt`; empty means the whole
    request. `variant_id` is set if a variant of the batch is meant.
    """

    field: str
    message: str
    variant_id: int | None = None
    value: str = ""

    def detail(self) -> dict[str, Any]:
        """Return the problem as the API's errors list it."""
        detail: dict[str, Any] = {"field": self.field, "message": self.message}
        if self.variant_id is not None:
            detail["variantId"] = self.variant_id
        if self.value:
            detail["value"] = self.value
        return detail


def invalid_fields(problems: Sequence[FieldProblem]) -> InvalidRequestError:
    shown = "; ".join(f"{each.field or 'body'}: {each.message}" for each in problems[:20])
    return UnprocessableError(
        "invalid-fields",
        "Invalid fields",
        title="Some fields are not valid",
        detail=shown[:500],
        details=[each.detail() for each in problems],
    )
