"""Logs, metrics, alarms."""

import json
import re
from pathlib import Path

from imagebatch import observability
from imagebatch.adapters.arrivals import MAX_PAUSE_SECONDS
from tests.template.rendering import Node, Rendered

DOCS = Path(__file__).parents[2] / "docs"
EMITTED = set(re.findall(r'"([A-Z][A-Za-z]+)"', Path(observability.__file__).read_text()))


def alarms(template: Rendered) -> dict[str, Node]:
    return template.of_type("AWS::CloudWatch::Alarm")


def watched(template: Rendered) -> dict[tuple[str, str, str], Node]:
    """The alarms by each metric that they look at and what it is of."""
    return {
        (m["Namespace"], m["MetricName"], m["Dimensions"][0]["Value"]): alarm
        for alarm in alarms(template).values()
        for m in metrics(alarm)
    }


def metrics(alarm: Node) -> list[Node]:
    queries = alarm.get("Metrics", [{"MetricStat": {"Metric": alarm}}])
    return [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query]


def test_every_function_has_a_log_group_with_retention(production: Rendered) -> None:
    groups = production.of_type("AWS::Logs::LogGroup")
    used = [f["LoggingConfig"]["LogGroup"].strip("<>") for f in production.functions.values()]

    assert len(set(used)) == len(used)
    assert set(used) <= groups.keys()
    assert all(1 <= int(group["RetentionInDays"]) <= 90 for group in groups.values())


def test_logs_are_kept_no_longer_than_retention() -> None:
    """The page's function, the gateway and the state machine log nothing of it."""
    template = Rendered(RetentionDays=3)
    groups = template.of_type("AWS::Logs::LogGroup")
    theirs = {
        function["LoggingConfig"]["LogGroup"].strip("<>")
        for name, function in template.functions.items()
        if name != "WebFunction"
    }
    assert {int(groups[name]["RetentionInDays"]) for name in theirs} == {3}


def test_vended_logs_spare_the_accounts_resource_policy(production: Rendered) -> None:
    """Its 5,120 characters are shared by every group outside /aws/vendedlogs/."""
    access = production["HttpApiStage"]["AccessLogSettings"]["DestinationArn"]
    [machine] = production["FinalizerStateMachine"]["Logging"]["Destinations"]
    for arn in (access, machine["CloudWatchLogsLogGroup"]["LogGroupArn"]):
        group = production[arn.strip("<>").removesuffix(".Arn")]
        assert group["LogGroupName"].startswith("/aws/vendedlogs/")


def test_every_function_is_traced(production: Rendered) -> None:
    assert production.globals["Tracing"] == "Active"
    assert production["FinalizerStateMachine"]["Tracing"] == {"Enabled": True}


def test_access_log_is_json_without_query_string(production: Rendered) -> None:
    settings = production["HttpApiStage"]["AccessLogSettings"]
    fields = json.loads(settings["Format"])

    assert {"requestId", "route", "path", "status"} <= fields.keys()
    assert "query" not in settings["Format"].lower()
    assert "$context.protocol" not in settings["Format"]


def test_the_access_log_holds_no_owner(production: Rendered) -> None:
    """An owner can be erased, and a log cannot be: it has the request id instead."""
    settings = production["HttpApiStage"]["AccessLogSettings"]
    fields = json.loads(settings["Format"])
    callers = ("$context.authorizer", "$context.identity")

    assert "owner" not in fields
    assert not [each for each in fields.values() if each.startswith(callers)]


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
        ("AWS/Lambda", "AsyncEventsDropped", "<SweeperFunction>"),
        ("AWS/Lambda", "AsyncEventsDropped", "<ApiFunction>"),
        ("imagebatch/shop", "ModelGone", "imagebatch"),
        ("imagebatch/shop", "BudgetNearlySpent", "imagebatch"),
        ("AWS/ApiGateway", "5xx", "<HttpApi>"),
        ("imagebatch/shop", "ProviderAuthFailures", "imagebatch"),
        ("imagebatch/shop", "UnreadableRecords", "imagebatch"),
        ("imagebatch/shop", "IgnoredModelOverlays", "imagebatch"),
        ("AWS/Lambda", "Errors", "<DeadLetterFunction>"),
        ("AWS/SQS", "ApproximateAgeOfOldestMessage", "<DeadLetterQueue.QueueName>"),
    } <= watched(production).keys()


def test_a_stopped_loop_of_any_function_is_told(production: Rendered) -> None:
    """The metric is apart from a function's errors, so no other alarm would."""
    for function in production.functions:
        alarm = watched(production)["AWS/Lambda", "RecursiveInvocationsDropped", f"<{function}>"]
        assert (total(alarm), alarm["Threshold"]) == ("SUM(FILL(METRICS(), 0))", 0)


def test_throttles_are_told_but_for_refused_watchers(production: Rendered) -> None:
    alarm = production["ThrottleAlarm"]
    throttled = {m["Dimensions"][0]["Value"].strip("<>") for m in metrics(alarm)}

    assert {m["MetricName"] for m in metrics(alarm)} == {"Throttles"}
    assert throttled == production.functions.keys() - {"ProgressFunction"}
    assert total(alarm) == "SUM(FILL(METRICS(), 0))"


def test_a_refused_watcher_is_no_server_error(production: Rendered) -> None:
    answers, watchers = metrics(production["ApiAlarm"])

    assert total(production["ApiAlarm"]) == "FILL(answers, 0) - FILL(watchers, 0)"
    assert (answers["MetricName"], watchers["MetricName"]) == ("5xx", "Throttles")
    assert watchers["Dimensions"][0]["Value"] == "<ProgressFunction>"


def test_intake_failures_alarm_at_any_retry_rate(production: Rendered) -> None:
    """A failing one is tried in every five minutes, and the queue of those given up is watched."""
    alarm = production["IntakeAlarm"]
    periods = {q["MetricStat"]["Period"] for q in alarm["Metrics"] if "MetricStat" in q}

    assert [m["MetricName"] for m in metrics(alarm)] == ["IntakeFailures", "Errors"]
    assert "IntakeFailures" in EMITTED
    assert total(alarm) == "FILL(failures, 0) + FILL(errors, 0)"
    assert min(periods) > 2 * MAX_PAUSE_SECONDS
    assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (0, 2)
    given_up = production["IntakeDeadLetterAlarm"]
    assert given_up["MetricName"] == "ApproximateNumberOfMessagesVisible"
    assert given_up["Dimensions"][0]["Value"] == "<IntakeDeadLetterQueue.QueueName>"
    assert given_up["Threshold"] == 0


def test_a_sweeper_that_does_not_run_is_told(production: Rendered) -> None:
    alarm = production["SweeperIdleAlarm"]
    [schedule] = production["SweeperFunction"]["Events"].values()

    assert schedule["Properties"]["Schedule"] == "rate(5 minutes)"
    assert (alarm["MetricName"], alarm["Dimensions"][0]["Value"]) == (
        "Invocations",
        "<SweeperFunction>",
    )
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("LessThanThreshold", 1)
    assert (alarm["TreatMissingData"], alarm["Period"] >= 600) == ("breaching", True)


def total(alarm: Node) -> str:
    """What a computed alarm returns: the one query that does."""
    [expression] = [q["Expression"] for q in alarm["Metrics"] if q["ReturnData"]]
    return str(expression)


def test_idle_cost_table_matches_the_template(production: Rendered) -> None:
    page = (DOCS / "operations.md").read_text()
    table = page.split("An idle stack costs")[1].split("\n\n")[1]
    rows = re.findall(r"^\| (.+?) \| \**([\d.]+)\** \|$", table, re.MULTILINE)
    *parts, (last, total_cost) = [(what, float(cost)) for what, cost in rows]
    count = sum(len(metrics(alarm)) for alarm in alarms(production).values())

    assert parts[0] == (f"alarms: {count} metrics, at 0.10", round(count * 0.1, 2))
    assert len(production.of_type("AWS::SecretsManager::Secret")) == 2
    assert len(production.of_type("AWS::Lambda::EventSourceMapping")) == 4
    assert (last, total_cost) == ("**total**", round(sum(cost for _, cost in parts), 2))
    assert total_cost < 6


def test_every_alarm_has_its_line_in_the_runbook() -> None:
    everything = Rendered(EventBusName="default")
    page = (DOCS / "operations.md").read_text()
    section = page.split("## Alarms")[1].split("\n## ")[0]

    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == alarms(everything).keys()


def test_no_alarm_counts_messages_sent(production: Rendered) -> None:
    assert "NumberOfMessagesSent" not in {metric for _, metric, _ in watched(production)}


def test_an_alarm_is_quiet_between_batches(production: Rendered) -> None:
    for name, alarm in alarms(production).items():
        assert alarm["AlarmDescription"]
        if name != "SweeperIdleAlarm":  # the sweeper runs between batches too
            assert alarm["TreatMissingData"] == "notBreaching"
            assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


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
