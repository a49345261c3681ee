"""What the OpenAPI document shows as examples is what the models take and give."""

from typing import Any

import pytest
from pydantic import BaseModel

from imagebatch.api.build import GROUPS, Group, all_routes

SAMPLES: list[tuple[str, Any, Any]] = [
    (f"{route.id} request", route.request["application/json"], route.example)
    for route in all_routes()
    if route.example is not None
] + [
    (f"{route.id} {status}", route.returns[status], sample)
    for route in all_routes()
    for status, sample in route.examples.items()
]


@pytest.mark.parametrize(("model", "sample"), [s[1:] for s in SAMPLES], ids=[s[0] for s in SAMPLES])
def test_an_example_is_one(model: Any, sample: Any) -> None:
    if isinstance(model, type) and issubclass(model, BaseModel):
        model.model_validate(sample)
    else:
        assert sample


def test_routes_have_names_of_their_own() -> None:
    names = [route.id for route in all_routes()]
    routes = [(route.method, route.path) for route in all_routes()]
    assert len(set(names)) == len(names)
    assert len(set(routes)) == len(routes)


@pytest.mark.parametrize("group", GROUPS, ids=[group.module for group in GROUPS])
def test_the_prefixes_of_a_group_cover_its_paths(group: Group) -> None:
    constant = [route.path.split("{")[0] for route in group.routes]
    assert [path for path in constant if not path.startswith(group.prefixes)] == []
    assert [each for each in group.prefixes if not any(p.startswith(each) for p in constant)] == []
