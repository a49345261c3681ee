"""What providers' failure texts mean, by the texts seen in public reports."""

import json
import tomllib
from contextlib import suppress
from importlib.resources import files
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebatch.adapters.providers import fal, replicate, runpod
from imagebatch.adapters.providers.answers import (
    MAX_RETRY_AFTER_SECONDS,
    error_of,
    failed,
    succeeded,
)
from imagebatch.adapters.providers.read_json import MAX_DEPTH, is_same_input, read_json
from imagebatch.domain.errors import (
    FailureCode,
    ProviderError,
    ProviderUnavailableError,
    RateLimitedError,
)
from imagebatch.ports.providers import ImageRequest, Prediction, PredictionStatus
from testing.effort import examples

PASSING = [
    "An error occurred while processing your request (E001) (abc)",
    "KeyError: 'sample'",
    "Director: unexpected error handling prediction (E9243)",
    "Unexpected error",
    "Queue is full, please try later",
    "Request failed with status code 429",
    "RESOURCE_EXHAUSTED: quota exceeded",
    "The service is currently experiencing issues",
    "Prediction interrupted; please retry (code: PA)",
]
REFUSED = [
    "The response is blocked, as it may violate our policies. Error Code: 58061214",
    "This prompt contains words that violate Vertex AI's usage guidelines. Try rephrasing it.",
    "Gemini API error: IMAGE_SAFETY",
    "finishReason: PROHIBITED_CONTENT",
    "The input or output was flagged as sensitive. Please try again with different inputs. (E005)",
    "NSFW content detected. Try running it again, or try a different prompt.",
]
KEYS = ["id", "status", "output", "error", "images", "url", "logs", "detail", "msg", "type"]
KEYS += ["error_type", "metrics", "inference_time"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
CHARSETS = ["utf-8", "hex", "rot13", "zlib", "base64", "utf-16", "idna", "undefined", "none"]
"""Some of Python's codecs decode no text at all."""
STATES = st.sampled_from(
    [
        "succeeded",
        "failed",
        "aborted",
        "client_cancelled",
        "COMPLETED",
        "FAILED",
        "TIMED_OUT",
        "CANCELLED",
        7,
        None,
    ]
)


def judged(text: object) -> tuple[FailureCode, bool]:
    found = failed("p", text)
    assert found.failure is not None
    return found.failure.code, found.try_again


@pytest.mark.parametrize("text", PASSING)
def test_passing_failure_is_tried_again(text: str) -> None:
    assert judged(text) == (FailureCode.PROVIDER_UNAVAILABLE, True)


@pytest.mark.parametrize("text", REFUSED)
def test_refusal_is_not_tried_again(text: str) -> None:
    assert judged(text) == (FailureCode.CONTENT_REFUSED, False)


def test_unknown_failure_is_tried_once_more() -> None:
    assert judged("Gremlins in the works") == (FailureCode.PROVIDER_REJECTED, True)


def test_empty_success_with_nsfw_logs_is_refused() -> None:
    found = succeeded("p", [], logs="step 4/4\nNSFW content detected in image 0")
    assert found.failure
    assert found.failure.code is FailureCode.CONTENT_REFUSED


def test_every_rule_names_its_source() -> None:
    data = tomllib.loads((files("imagebatch.data") / "failure_texts.toml").read_text("utf-8"))
    assert all(rule["source"] for rule in data["rules"])


@pytest.mark.slow
@settings(max_examples=examples(400), deadline=None)
@given(body=st.dictionaries(st.sampled_from(KEYS), JSON, max_size=2), output=JSON, state=STATES)
def test_any_answer_ends_in_a_prediction(
    body: dict[str, object], output: object, state: object
) -> None:
    answer = {**body, "output": output, "error": output, "status": state, "logs": output}
    told = {**answer, "images": output, "error_type": state, "error_status": output}
    for found in (
        fal._progress("id", told) or fal._result("id", told, fal._seconds(told)),
        fal._result("id", {"images": output, "image": output}, None),
        fal._failed("id", told),
        runpod._prediction("job", answer),
        replicate._prediction(_parsed({**answer, "id": "p"})),
    ):
        assert isinstance(found, Prediction)
        assert found.failure or found.status is not PredictionStatus.FAILED


@pytest.mark.slow
@settings(max_examples=examples(100), deadline=None)
@given(body=JSON, entry=JSON, entries=st.lists(st.dictionaries(st.text(max_size=8), JSON)))
def test_any_list_of_predictions_is_read_or_refused(
    body: object, entry: object, entries: list[dict[str, object]]
) -> None:
    """The key `id` and the others are there more often than chance would have it."""
    likely = [{**each, "id": "p", "input": entry, "created_at": entry} for each in entries]
    for listed in (body, {"results": body, "next": entry}, {"results": likely, "items": likely}):
        answer = httpx.Response(200, content=json.dumps(listed))
        with suppress(ProviderUnavailableError):
            answers = _listed(replicate._parsable_list(answer))
            for each in answers:
                replicate._is_of_model(each, "a/b:c")
                is_same_input({"prompt": entry}, each.input)
            assert all(isinstance(p, Prediction) for p in replicate._oldest_first(answers))
    for each in (body, *likely):
        fal._is_created_by(each, ImageRequest("m", {"prompt": "x"}, "x"))


def _listed(page: dict[str, Any]) -> list[Any]:
    """The predictions as the client's own model has them."""
    from replicate.prediction import Prediction as Answer

    return [Answer(**each) for each in page["results"]]


@settings(max_examples=examples(100), deadline=None)
@given(st.binary(max_size=60) | JSON.map(lambda value: json.dumps(value).encode()))
def test_what_comes_in_is_finite_and_not_deep(content: bytes) -> None:
    value = read_json(b"[" * 10 + content + b"]" * 10)
    assert depth_of(value) <= MAX_DEPTH
    json.dumps(value, allow_nan=False)


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"id": "p", "n": NaN}', {"id": "p", "n": None}),
        (b'{"n": -Infinity, "m": 1e999}', {"n": None, "m": None}),
        (b"[" * 100_000, None),
        (b"9" * 5_000, None),
        (b'{"retry_after": 1' + b"0" * 400 + b"}", {"retry_after": None}),
        (b"\xff\xfe", None),
    ],
)
def test_what_does_not_fit_is_none_where_it_stands(content: bytes, value: object) -> None:
    assert read_json(content) == value


def test_what_is_too_deep_is_cut_off() -> None:
    assert depth_of(read_json(b"[" * 500 + b"]" * 500)) == MAX_DEPTH


@settings(max_examples=examples(100), deadline=None)
@given(
    status=st.just(429) | st.integers(300, 599),
    body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=40),
    wait=st.text(max_size=30) | st.integers().map(str) | st.dates().map(str),
    charset=st.sampled_from(CHARSETS),
    is_create=st.booleans(),
)
def test_any_error_is_one_of_ours(
    status: int, body: bytes, wait: str, charset: str, *, is_create: bool
) -> None:
    kind = f"text/html; charset={charset}".encode()
    headers = [(b"Retry-After", wait.encode("utf-8", "replace")), (b"Content-Type", kind)]
    answer = httpx.Response(status, headers=headers, content=body)
    error = error_of("Vendor", answer, is_create_request=is_create)
    assert isinstance(error, ProviderError)
    assert (
        not isinstance(error, RateLimitedError) or 1 <= error.retry_after <= MAX_RETRY_AFTER_SECONDS
    )


def depth_of(value: object) -> int:
    if isinstance(value, dict):
        return 1 + max(map(depth_of, value.values()), default=0)
    if isinstance(value, list):
        return 1 + max(map(depth_of, value), default=0)
    return 0


def _parsed(answer: dict[str, object]) -> object:
    """The answer as the client's own model has it."""
    from replicate.prediction import Prediction as Answer

    return Answer(**replicate._parsable(answer))
