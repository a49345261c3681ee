"""What the OpenAPI document shows as examples is what the models take and give."""

from typing import Any

import pytest
from pydantic import BaseModel

from imagebatch.api.openapi import OPERATIONS

SAMPLES: list[tuple[str, Any, Any]] = [
    (f"{operation.id} request", operation.request["application/json"], operation.sample)
    for operation in OPERATIONS
    if operation.sample is not None
] + [
    (f"{operation.id} {status}", operation.answers[status], sample)
    for operation in OPERATIONS
    for status, sample in operation.samples.items()
]


@pytest.mark.parametrize(("model", "sample"), [s[1:] for s in SAMPLES], ids=[s[0] for s in SAMPLES])
def test_an_example_is_one(model: Any, sample: Any) -> None:
    if isinstance(model, type) and issubclass(model, BaseModel):
        model.model_validate(sample)
    else:
        assert sample


def test_operations_have_names_of_their_own() -> None:
    names = [operation.id for operation in OPERATIONS]
    routes = [(operation.method, operation.path) for operation in OPERATIONS]
    assert len(set(names)) == len(names)
    assert len(set(routes)) == len(routes)
