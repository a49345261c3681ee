"""Logs, metrics, alarms."""

import json
import re
from pathlib import Path

from imagebatch import observability
from tests.template.rendering import Node, Rendered

EMITTED = set(re.findall(r'"([A-Z][A-Za-z]+)"', Path(observability.__file__).read_text()))


def alarms(template: Rendered) -> dict[tuple[str, str, str], Node]:
    """By metric and what it is of."""
    return {
        (a["Namespace"], a["MetricName"], a["Dimensions"][0]["Value"]): a
        for a in template.of_type("AWS::CloudWatch::Alarm").values()
    }


def test_every_function_logs_into_a_group_of_its_own_that_forgets(production: Rendered) -> None:
    groups = production.of_type("AWS::Logs::LogGroup")
    used = [f["LoggingConfig"]["LogGroup"].strip("<>") for f in production.functions.values()]

    assert len(set(used)) == len(used)
    assert set(used) <= groups.keys()
    assert all(1 <= group["RetentionInDays"] <= 90 for group in groups.values())


def test_every_function_is_traced(production: Rendered) -> None:
    assert production.globals["Tracing"] == "Active"
    assert production["FinalizerStateMachine"]["Tracing"] == {"Enabled": True}


def test_the_access_log_is_json_and_has_no_query_string(production: Rendered) -> None:
    settings = production["HttpApiStage"]["AccessLogSettings"]
    fields = json.loads(settings["Format"])

    assert {"requestId", "route", "path", "status", "owner"} <= fields.keys()
    assert "query" not in settings["Format"].lower()
    assert "$context.protocol" not in settings["Format"]


def test_presigned_urls_in_the_finalizers_state_are_never_logged(production: Rendered) -> None:
    logging = production["FinalizerStateMachine"]["Logging"]

    assert logging["Level"] == "ERROR"
    assert logging["IncludeExecutionData"] is False


def test_metrics_of_two_stacks_do_not_mix(production: Rendered) -> None:
    for function in production.functions:
        seen = production.environment(function)
        assert seen["POWERTOOLS_METRICS_NAMESPACE"] == "imagebatch/shop"
        assert seen["POWERTOOLS_SERVICE_NAME"] == "imagebatch"


def test_alarms_look_at_what_people_must_know_of(production: Rendered) -> None:
    assert {
        ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "<DeadLetterQueue.QueueName>"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "<ItemQueue.QueueName>"),
        ("AWS/States", "ExecutionsFailed", "<FinalizerStateMachine>"),
        ("AWS/Lambda", "Errors", "<WorkerFunction>"),
        ("AWS/ApiGateway", "5xx", "<HttpApi>"),
        ("imagebatch/shop", "ProviderAuthFailures", "imagebatch"),
        ("imagebatch/shop", "UnreadableRecords", "imagebatch"),
        ("AWS/Lambda", "Errors", "<DeadLetterFunction>"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "<DeadLetterQueue.QueueName>"),
    } <= alarms(production).keys()


def test_no_alarm_counts_messages_sent_which_redriving_does_not_move(production: Rendered) -> None:
    assert "NumberOfMessagesSent" not in {metric for _, metric, _ in alarms(production)}


def test_an_alarm_is_quiet_between_batches(production: Rendered) -> None:
    for alarm in alarms(production).values():
        assert alarm["TreatMissingData"] == "notBreaching"
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
        assert alarm["AlarmDescription"]


def test_alarms_are_sent_when_there_is_an_address(production: Rendered) -> None:
    with_address = Rendered(AlarmEmail="ops@example.com")

    assert not production.of_type("AWS::SNS::Topic")
    assert not [a for a in alarms(production).values() if "AlarmActions" in a]
    assert with_address["AlarmTopic"]["Subscription"] == [
        {"Protocol": "email", "Endpoint": "ops@example.com"}
    ]
    assert all(a["AlarmActions"] == ["<AlarmTopic>"] for a in alarms(with_address).values())


def test_the_dashboard_shows_metrics_that_the_code_emits(production: Rendered) -> None:
    body = json.loads(production["Dashboard"]["DashboardBody"])
    namespace, shown = "", set()
    for widget in body["widgets"]:
        for first, *rest in widget["properties"]["metrics"]:
            namespace = first if first not in {".", "..."} else namespace
            if namespace == "imagebatch/shop" and first != "...":
                shown.add(rest[0])

    assert shown >= {"ItemsSucceeded", "ItemsFailed", "ProviderSeconds", "Cost"}
    assert shown >= {"QueueWaitSeconds", "ArchiveBytes", "ArchiveSeconds"}
    assert shown <= EMITTED
    assert "ProviderAuthFailures" in EMITTED


def test_the_dashboard_shows_every_function(production: Rendered) -> None:
    for function in production.functions:
        assert f'"<{function}>"' in production["Dashboard"]["DashboardBody"]
