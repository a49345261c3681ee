"""SQS deletes nothing that it has not handed out: whoever receives a message of an owner who was
erased lets it go, and writes nothing.
"""

import importlib
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from imagebatch.domain.erasure import Erasure
from imagebatch.ports.item_queue import ItemMessage
from imagebatch.schemas.messages import DispatchMessage, encode_dispatch, encode_item
from testing.fakes.system import START
from testing.services import Deployment
from tests.functions.conftest import LambdaContext
from tests.functions.test_deletes_api import objects, records

EVENTS = Path(__file__).parents[2] / "events"
ANN = "auth0|ann"
ITEM = encode_item(ItemMessage(ANN, "b1", 1, 0, 0))
SHEET = {"key": f"inbox/{ANN}/cars.csv", "etag": "e", "size": 9}
BODIES = {
    "dispatcher": encode_dispatch(DispatchMessage(ANN, "b1", 1)),
    "worker": ITEM,
    "deadletter": ITEM,
    "intake": json.dumps({"detail": {"object": SHEET}}),
}


@pytest.fixture
def environment(services: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions read it when they are loaded."""
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "eu-central-1")


def handle(name: str, services: Deployment, monkeypatch: pytest.MonkeyPatch) -> Any:
    function: ModuleType = importlib.import_module(f"functions.{name}.app")
    monkeypatch.setattr(function, "services", services)
    event = json.loads((EVENTS / f"{name}.json").read_text())
    event["Records"][0]["body"] = BODIES[name]
    return function.handler(event, LambdaContext())


@pytest.mark.filterwarnings("ignore:No application metrics")
@pytest.mark.usefixtures("environment")
@pytest.mark.parametrize("name", BODIES)
def test_a_message_of_the_erased_is_let_go(
    services: Deployment, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    answer = handle(name, services, monkeypatch) or {}
    assert answer.get("batchItemFailures", []) == []
    assert (records(services), objects(services)) == ([], set())


@pytest.mark.filterwarnings("ignore:No application metrics")
@pytest.mark.usefixtures("environment")
def test_message_of_deleted_sheet_does_not_wait(
    services: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.erasure_store.start(Erasure(id="e1", owner=ANN, started_at=START))
    before = records(services)

    assert handle("intake", services, monkeypatch) == {"batchItemFailures": []}

    # Not sent anew either: the stack of these tests has no intake queue to send it to.
    assert records(services) == before
