"""A problem document stays far below what Lambda carries, whatever the request repeats."""

import json
from collections.abc import Callable

import pytest

from imagebatch.api.errors import problem_of
from imagebatch.api.response import MAX_RESPONSE_BYTES
from imagebatch.domain.errors import MAX_DETAILS, InvalidRequestError
from tests.functions.conftest import Answer, Api

LARGEST = 1_000_000


def doubled_columns(api: Api) -> Answer:
    body = ",".join(["make", "MAKE_"] * 4_000) + "\nVolvo\n"
    return api.post("/api/car-batch", files={"file": ("cars.csv", body.encode(), "text/csv")})


def long_column_that_is_nearly_the_missing_one(api: Api) -> Answer:
    files = {"file": ("chairs.csv", f"colour_{'_' * 3_900_000}\nred\n".encode(), "text/csv")}
    return api.post("/api/sheet-batch", files=files, data={"prompt": "A {{color}} chair"})


def one_field_in_many_spellings(api: Api) -> Answer:
    spellings = [f"ite{'_' * 100_000}ms", *(f"i{'_' * n}tems" for n in range(1, 1_500))]
    body = {name: n for n, name in enumerate(spellings)}
    return api.post("/api/v1/batch/generate", json=body)


def long_names_in_a_mapping(api: Api) -> Answer:
    metadata = json.dumps({"a" * 1_900_000: 1, "b" * 1_900_000: 1})
    files = {"file": ("cars.csv", b"make\nVolvo\n", "text/csv")}
    return api.post("/api/car-batch", files=files, data={"metadata": metadata})


@pytest.mark.slow
@pytest.mark.parametrize(
    "send",
    [
        doubled_columns,
        long_column_that_is_nearly_the_missing_one,
        one_field_in_many_spellings,
        long_names_in_a_mapping,
    ],
)
def test_a_refusal_never_grows_with_the_request(api: Api, send: Callable[[Api], Answer]) -> None:
    answer = send(api)
    assert answer.status in {400, 422}
    assert len(answer.body) < LARGEST
    assert answer.json()["detailsTotal"] >= len(answer.json()["details"]) > 0


@pytest.mark.parametrize(("character", "listed"), [("a", MAX_DETAILS), ("é", 678), ("😀", 339)])
def test_details_are_listed_while_there_is_room(character: str, listed: int) -> None:
    details = [{"message": character * 980}] * (MAX_DETAILS + 1)
    document = problem_of(InvalidRequestError("invalid-rows", "Invalid rows", details=details))

    assert document["detailsTotal"] == MAX_DETAILS + 1
    assert len(document["details"]) == listed
    assert len(json.dumps(document)) < MAX_RESPONSE_BYTES
