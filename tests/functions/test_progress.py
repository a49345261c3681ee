"""The watchers' own function, over moto."""

import json
from copy import replace
from datetime import timedelta
from types import ModuleType
from typing import Any

import pytest

from imagebatch.adapters.dynamodb.watchers import DynamoDBWatcherPlaces
from imagebatch.domain.errors import UnavailableError
from imagebatch.observability import metrics
from testing.aws import TABLE
from testing.records import a_batch
from testing.services import Deployment
from tests.functions.conftest import Api, LambdaContext

# As observability says, which only holds for a filter that is set before pytest's.
pytestmark = pytest.mark.filterwarnings("ignore:No application metrics to publish")

SHEET = {"file": ("cars.csv", b"make\nVolvo\n", "text/csv")}


@pytest.fixture
def progress(services: Deployment, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    from functions.progress import app

    monkeypatch.setattr(app.app, "services", services)
    metrics.clear_metrics()
    return app


def look(
    progress: ModuleType,
    batch: str,
    query: dict[str, str] | None = None,
    owner: str = "",
    **headers: str,
) -> dict[str, Any]:
    path = f"/api/v1/batch/{batch}/progress"
    context: dict[str, Any] = {"http": {"method": "GET", "path": path}, "stage": "$default"}
    if owner:
        context["authorizer"] = {"jwt": {"claims": {"sub": owner}}}
    event = {
        "rawPath": path,
        "headers": headers,
        "queryStringParameters": query,
        "requestContext": context,
    }
    found: dict[str, Any] = progress.handler(event, LambdaContext())
    return found


@pytest.mark.slow
def test_stream_starts_with_the_current_state(api: Api, progress: ModuleType) -> None:
    batch = api.post("/api/car-batch", files=SHEET).json()["jobId"]
    answer = look(progress, batch)
    assert answer["statusCode"] == 200
    assert answer["headers"]["content-type"].startswith("text/event-stream")
    assert "event: progress" in answer["body"]


@pytest.mark.slow
def test_owner_without_a_place_is_refused(
    services: Deployment, progress: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    signed_in = replace(services.settings, auth_mode="oidc", progress_concurrency=10)
    stack = Deployment(signed_in, services.clients)
    monkeypatch.setattr(progress.app, "services", stack)
    stack.store.create(a_batch("b1", "ann"))
    stack.store.commit(stack.records.batch("ann", "b1"))
    now = stack.clock.now()
    places = DynamoDBWatcherPlaces(services.clients.dynamodb, TABLE)
    for _ in range(5):
        assert places.acquire("ann", 5, now, now + timedelta(minutes=1)) is not None

    first = look(progress, "b1", owner="ann")
    assert first["statusCode"] == 200, "what needs no wait needs no place"
    answer = look(progress, "b1", {"lastEventId": "2"}, owner="ann")
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (429, "5")
    assert json.loads(answer["body"])["error"] == "Too many event streams"


def test_no_block_of_a_stream_is_without_data(api: Api, progress: ModuleType) -> None:
    """Common clients take a block of `retry:` alone for an empty message."""
    batch = api.post("/api/car-batch", files=SHEET).json()["jobId"]
    blocks = look(progress, batch)["body"].removesuffix("\n\n").split("\n\n")
    assert blocks[0].startswith("retry: 500\nid: ")
    assert all("\ndata: {" in block for block in blocks)


def test_position_in_query_equals_the_header(
    progress: ModuleType, services: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []

    def watch(_owner: str, _batch: str, after: int | None, _seconds: float) -> None:
        seen.append(after)

    monkeypatch.setattr(services, "watch", watch)
    in_query = look(progress, "b", {"lastEventId": "24"})
    in_header = look(progress, "b", **{"last-event-id": "24"})
    assert (in_query["statusCode"], in_header["statusCode"]) == (204, 204)
    assert seen == [12, 12]


def test_an_unknown_batch_is_a_problem_document(progress: ModuleType) -> None:
    answer = look(progress, "unknown")
    assert answer["statusCode"] == 404
    assert json.loads(answer["body"])["error"] == "Job not found"


def test_unavailable_table_delays_the_stream(
    api: Api, progress: ModuleType, services: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_: object) -> None:
        raise UnavailableError("the table could not be reached")

    monkeypatch.setattr(services.store, "get", down)
    answer = look(progress, "any")
    assert (answer["statusCode"], answer["headers"]["retry-after"]) == (503, "5")
    assert "table" not in answer["body"]
