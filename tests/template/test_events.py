"""`events/` has what really triggers each function."""

import base64
import importlib
import json
from pathlib import Path
from typing import Any

import pytest

from imagebatch.schemas.messages import decode_arrival, decode_dispatch, decode_item
from tests.functions.conftest import LambdaContext
from tests.template.rendering import Rendered

EVENTS = Path(__file__).parents[2] / "events"
ROUTE = {"api": "ANY /api/{proxy+}", "web": "$default"}
ROUTE |= {"progress": "GET /api/v1/batch/{batch_id}/progress"}


def event(name: str) -> Any:
    return json.loads((EVENTS / f"{name}.json").read_text())


def test_there_is_an_event_for_every_function() -> None:
    functions = Rendered(EventBusName="default").functions.values()
    folders = {f["CodeUri"].strip("/").split("/")[-1] for f in functions}

    assert folders == {file.stem for file in EVENTS.glob("*.json")}


@pytest.mark.parametrize(("name", "key"), ROUTE.items())
def test_a_request_comes_by_a_route_of_the_template(
    production: Rendered, name: str, key: str
) -> None:
    routes = production.of_type("AWS::ApiGatewayV2::Route").values()
    [route] = [r for r in routes if r["RouteKey"] == key]
    integration = production[route["Target"].removeprefix("integrations/").strip("<>")]
    function = production[integration["IntegrationUri"].strip("<>").removesuffix(".Arn")]

    assert function["CodeUri"] == f"functions/{name}/"
    assert event(name)["routeKey"] == event(name)["requestContext"]["routeKey"] == key
    assert event(name)["version"] == integration["PayloadFormatVersion"]


def test_the_request_to_the_api_submits_the_sample_sheet() -> None:
    body = base64.b64decode(event("api")["body"])

    assert (EVENTS / "cars.csv").read_bytes() in body


def test_messages_are_in_the_words_of_the_queues() -> None:
    [dispatch] = event("dispatcher")["Records"]
    assert decode_dispatch(dispatch["body"]).round == 1
    for name in ("worker", "deadletter"):
        [record] = event(name)["Records"]
        assert decode_item(record["body"]).index == 0


def test_the_dropped_sheet_is_one_the_rule_lets_through(production: Rendered) -> None:
    rule = production["FileArrivedRule"]
    [record] = event("intake")["Records"]
    dropped, pattern = json.loads(record["body"]), rule["EventPattern"]
    prefixes = [each["prefix"] for each in pattern["detail"]["object"]["key"]]

    assert [dropped["source"]] == pattern["source"]
    assert [dropped["detail-type"]] == pattern["detail-type"]
    assert dropped["detail"]["object"]["key"].startswith(tuple(prefixes))
    assert pattern["detail"]["bucket"]["name"] == ["<Bucket>"]
    assert decode_arrival(record["body"], 0).size == 697


def test_what_arrives_is_kept_until_it_is_taken(production: Rendered) -> None:
    """Lambda tries an event of EventBridge three times and forgets it; a queue does not."""
    [target] = production["FileArrivedRule"]["Targets"]
    [allowed, _] = production["IntakeQueuePolicy"]["PolicyDocument"]["Statement"]

    assert target["Arn"] == "<IntakeQueue.Arn>"
    assert target["DeadLetterConfig"] == {"Arn": "<IntakeDeadLetterQueue.Arn>"}
    assert allowed["Principal"] == {"Service": "events.amazonaws.com"}
    assert allowed["Resource"] == ["<IntakeQueue.Arn>", "<IntakeDeadLetterQueue.Arn>"]
    assert allowed["Condition"] == {"ArnEquals": {"aws:SourceArn": "<FileArrivedRule.Arn>"}}
    assert "Events" not in production["IntakeFunction"]


def test_the_step_of_the_finalizer_is_the_first_one() -> None:
    assert event("finalizer").keys() == {"step", "batchId", "round", "attempt"}
    assert event("finalizer")["step"] == "build"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:No application metrics")
def test_the_models_are_checked_once_a_day(
    production: Rendered, monkeypatch: pytest.MonkeyPatch
) -> None:
    [schedule] = production["ApiFunction"]["Events"].values()
    assert schedule["Properties"]["Schedule"] == "rate(1 day)"
    for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "eu-central-1")
    function = importlib.import_module("functions.api.app")
    monkeypatch.setattr(function.services, "check_models", lambda: ["google/imagen-3"])

    assert function.handler(json.loads(schedule["Properties"]["Input"]), LambdaContext()) == {
        "checked": 1
    }


def test_the_sweeper_is_woken_by_its_schedule(production: Rendered) -> None:
    assert event("sweeper")["detail-type"] == "Scheduled Event"
    assert [e["Type"] for e in production["SweeperFunction"]["Events"].values()] == ["Schedule"]
