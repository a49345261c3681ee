"""Whatever a server says to the real clients, at whatever step: the item ends, not as our bug."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from imagebatch.domain.errors import FailureCode
from imagebatch.domain.statuses import BatchStatus
from testing.app_harness import OWNER
from testing.effort import examples
from tests.adapters.live_app import MODELS, LiveApp
from tests.usecases.scheduler import Scheduler

KEYS = [
    "id",
    "request_id",
    "status",
    "output",
    "images",
    "url",
    "error",
    "logs",
    "results",
    "items",
]
KEYS += ["next", "input", "json_input", "model", "endpoint_id", "created_at", "metrics", "detail"]
WORDS = ["", "p1", "succeeded", "failed", "canceled", "starting", "COMPLETED", "FAILED", "IN_QUEUE"]
WORDS += [
    "https://replicate.delivery/x.png",
    "http://[",
    "data:image/png;base64,AAAA",
    "data:,x",
    "\udcff",
]
VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(WORDS)
JSON = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=10,
)
KINDS = [
    "application/json",
    "text/html; charset=hex",
    "image/png",
    "",
    "application/json; charset=none",
]
STATUSES = [
    200,
    201,
    202,
    204,
    206,
    299,
    300,
    301,
    304,
    400,
    404,
    408,
    409,
    410,
    418,
    422,
    425,
    429,
]
STATUSES += [451, 500, 503, 504, 520, 524, 599]
ANSWERS = st.fixed_dictionaries(
    {
        "on": st.sampled_from(["create", "list", "get", "result", "cancel", "file"]),
        "status": st.sampled_from(STATUSES),
        "body": JSON | JSON.map(json.dumps),
        "headers": st.fixed_dictionaries(
            {},
            optional={
                "Content-Type": st.sampled_from(KINDS),
                "Location": st.sampled_from(["", "#", "//", "http://[", "/x", "https://a.example"]),
                "Retry-After": st.sampled_from(["-1", "nan", "1e999", "soon", "9" * 400]),
                "Content-Encoding": st.sampled_from(["gzip", "br", "identity", "x"]),
                "X-Fal-Error-Type": st.sampled_from(["", "runner_x", "request_timeout"]),
            },
        ),
        "times": st.sampled_from([1, 2, 9]),
    }
)


@pytest.mark.slow
@pytest.mark.parametrize("provider", MODELS)
@settings(max_examples=examples(10), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answers=st.lists(ANSWERS, min_size=6, max_size=6))
def test_any_answer_ends_its_item(provider: str, answers: list[dict[str, Any]]) -> None:
    with LiveApp(time_limit=30) as app:
        for row, answer in enumerate(answers):
            app.fake.script("status", prompt=f"^{row}$", **answer)
            app.fake.script("cut_after", prompt=f"^{row}$", times=row % 2)
            app.fake.script("slow", prompt=f"^{row}$", seconds=3)
        app.start(len(answers), models=(MODELS[provider],))
        Scheduler(app).run()
        assert app.batch.status is BatchStatus.ARCHIVING
        failures = [item.failure for item in app.store.items(OWNER, "b1") if item.failure]
        assert not {failure.code for failure in failures} & {
            FailureCode.CRASHED,
            FailureCode.INTERNAL,
        }


IDS = ["", "\udcff", "a b", "\x00", "é", "p" * 3_000, 7, None, ["p"], {"id": "p"}, True]
NAMES = {"replicate": "id", "runpod": "id", "fal": "request_id"}


@pytest.mark.slow
@pytest.mark.parametrize("provider", MODELS)
def test_unusable_id_counts_as_a_lost_response(provider: str) -> None:
    with LiveApp() as app:
        for row, id_ in enumerate(IDS):
            body = {NAMES[provider]: id_, "status": "starting"}
            app.fake.script("status", prompt=f"^{row}$", status=201, body=body, times=1)
        app.make(len(IDS), MODELS[provider])
        assert app.statuses == "s" * len(IDS)
