"""What the OpenAPI document shows as examples is what the models take and give."""

from typing import Any

import pytest
from pydantic import BaseModel

from imagebatch.api.openapi import operations

SAMPLES: list[tuple[str, Any, Any]] = [
    (f"{operation.id} request", operation.request["application/json"], operation.example)
    for operation in operations()
    if operation.example is not None
] + [
    (f"{operation.id} {status}", operation.returns[status], sample)
    for operation in operations()
    for status, sample in operation.examples.items()
]


@pytest.mark.parametrize(("model", "sample"), [s[1:] for s in SAMPLES], ids=[s[0] for s in SAMPLES])
def test_an_example_is_one(model: Any, sample: Any) -> None:
    if isinstance(model, type) and issubclass(model, BaseModel):
        model.model_validate(sample)
    else:
        assert sample


def test_operations_have_names_of_their_own() -> None:
    names = [operation.id for operation in operations()]
    routes = [(operation.method, operation.path) for operation in operations()]
    assert len(set(names)) == len(names)
    assert len(set(routes)) == len(routes)
