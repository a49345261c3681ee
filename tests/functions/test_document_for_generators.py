"""The OpenAPI document as generators of clients need it."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from imagebatch.api.openapi import document


def schemas_with_default(schema: Any, path: str = "") -> Iterator[str]:
    """Where a schema has a default; a property that is named so is none."""
    if isinstance(schema, list):
        for at, each in enumerate(schema):
            yield from schemas_with_default(each, f"{path}/{at}")
    if not isinstance(schema, Mapping):
        return
    if "default" in schema:
        yield path
    for name, value in schema.items():
        if name == "properties":
            for field, each in value.items():
                yield from schemas_with_default(each, f"{path}/{field}")
        else:
            yield from schemas_with_default(value, f"{path}/{name}")


@pytest.mark.slow
def test_no_property_has_a_default() -> None:
    """openapi-typescript makes a property with a default a required one."""
    found = document()
    bodies = {
        operation["operationId"]: [content["schema"] for content in body["content"].values()]
        for methods in found["paths"].values()
        for operation in methods.values()
        if (body := operation.get("requestBody"))
    }
    assert len(bodies) > 5
    assert list(schemas_with_default([bodies, found["components"]["schemas"]])) == []
