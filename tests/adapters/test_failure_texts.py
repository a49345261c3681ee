"""What providers' failure texts mean, by the texts seen in public reports."""

import tomllib
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imagebatch.adapters.providers import fal, replicate, runpod
from imagebatch.adapters.providers.answers import failed, succeeded
from imagebatch.domain.errors import FailureCode
from imagebatch.ports import Prediction, PredictionStatus

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


@settings(max_examples=2_000, deadline=None)
@given(body=st.dictionaries(st.text(max_size=8), JSON, max_size=3), output=JSON, state=STATES)
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


def _parsed(answer: dict[str, object]) -> object:
    """The answer as the client's own model has it."""
    from replicate.prediction import Prediction as Answer

    return Answer(**replicate._parsable(answer))
