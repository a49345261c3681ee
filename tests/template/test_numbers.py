"""Numbers that depend on each other."""

import pytest

from imagebatch.adapters.arrivals import MAX_WAIT_SECONDS
from tests.template.rendering import Node, Rendered
from tests.template.test_access import allowed

QUEUE_OF = {
    "IntakeFunction": "IntakeQueue",
    "DispatcherFunction": "DispatchQueue",
    "WorkerFunction": "ItemQueue",
    "DeadLetterFunction": "DeadLetterQueue",
}
DAY = 86_400


def timeout(template: Rendered, function: str) -> int:
    return int(template[function]["Timeout"])


def mapping(template: Rendered, function: str) -> Node:
    mappings = template.of_type("AWS::Lambda::EventSourceMapping").values()
    [found] = [m for m in mappings if m["FunctionName"] == f"<{function}>"]
    return found


def feeds(template: Rendered) -> dict[str, set[str]]:
    """The functions that what a function sends to a queue comes to, dead letters included."""
    queues = template.of_type("AWS::SQS::Queue")
    readers = {
        m["EventSourceArn"].strip("<>").removesuffix(".Arn"): m["FunctionName"].strip("<>")
        for m in template.of_type("AWS::Lambda::EventSourceMapping").values()
    }

    def reached(queue: str) -> set[str]:
        dead = queues[queue].get("RedrivePolicy", {}).get("deadLetterTargetArn", "")
        given_up = reached(dead.strip("<>").removesuffix(".Arn")) if dead else set()
        return given_up | ({readers[queue]} if queue in readers else set())

    sent = {
        function: {
            resource.strip("<>").removesuffix(".Arn")
            for resource in allowed(template, function, "sqs:SendMessage")
        }
        for function in template.functions
    }
    return {f: set().union(*(reached(queue) for queue in to)) for f, to in sent.items()}


def test_functions_allow_recursion_only_on_a_loop(production: Rendered) -> None:
    """Lambda stops any other after 16 invocations of a chain: a batch of 50 would lose two rows."""
    next_to = feeds(production)

    def comes_back(function: str) -> bool:
        seen, ahead = set(), set(next_to[function])
        while ahead:
            seen.add(one := ahead.pop())
            ahead |= next_to[one] - seen
        return function in seen

    on_a_loop = {function for function in production.functions if comes_back(function)}
    allowing = {f for f, p in production.functions.items() if p.get("RecursiveLoop") == "Allow"}
    assert allowing == on_a_loop == {"WorkerFunction", "DeadLetterFunction", "IntakeFunction"}


def test_the_item_queue_follows_the_worker_timeout() -> None:
    template = Rendered(WorkerTimeoutSeconds=20)
    assert timeout(template, "WorkerFunction") == 20
    assert template["ItemQueue"]["VisibilityTimeout"] == 35


def test_visibility_timeout_is_worker_timeout_plus_15_seconds(
    production: Rendered,
) -> None:
    allowed = production.source["Parameters"]["WorkerTimeoutSeconds"]["AllowedValues"]
    known = production.source["Mappings"]["ItemQueueVisibility"]["TimeoutByWorkerTimeout"]
    assert known == {str(seconds): seconds + 15 for seconds in allowed}


@pytest.mark.parametrize(("function", "queue"), QUEUE_OF.items())
def test_visibility_timeout_covers_the_invocation(
    production: Rendered, function: str, queue: str
) -> None:
    hidden = production[queue]["VisibilityTimeout"]

    assert mapping(production, function)["EventSourceArn"] == f"<{queue}.Arn>"
    assert hidden == timeout(production, function) + 15


@pytest.mark.parametrize("function", QUEUE_OF)
def test_queues_invoke_with_one_message_and_report_failures(
    production: Rendered, function: str
) -> None:
    assert mapping(production, function)["BatchSize"] == 1
    assert mapping(production, function)["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_the_reservation_is_the_queues_own_maximum() -> None:
    for concurrency in (3, 50):
        template = Rendered(WorkerConcurrency=concurrency, ReservedConcurrency=concurrency)
        maximum = mapping(template, "WorkerFunction")["ScalingConfig"]

        assert maximum == {"MaximumConcurrency": str(concurrency)}
        reserved = template["WorkerFunction"]["ReservedConcurrentExecutions"]
        assert reserved == str(concurrency)


def test_default_worker_concurrency_is_three(production: Rendered) -> None:
    assert production.parameters["WorkerConcurrency"] == "3"
    assert production.parameters["ReservedConcurrency"] == "3"
    assert not production.broken_rules()


def test_zero_reservation_keeps_the_queue_maximum() -> None:
    template = Rendered(ReservedConcurrency=0, ProgressConcurrency=0)

    assert "ReservedConcurrentExecutions" not in template["WorkerFunction"]
    assert "ReservedConcurrentExecutions" not in template["ProgressFunction"]
    assert mapping(template, "WorkerFunction")["ScalingConfig"] == {"MaximumConcurrency": "3"}
    assert not template.broken_rules()


def test_reservation_must_equal_the_queue_maximum() -> None:
    assert Rendered(WorkerConcurrency=10).broken_rules() == [
        "ReservedConcurrency must equal WorkerConcurrency, or be 0."
    ]


def test_an_archive_never_outlives_the_lifecycle_rule_behind_it(production: Rendered) -> None:
    longest = production.source["Parameters"]["ArchiveTtlSeconds"]["MaxValue"]
    [rule] = [
        rule
        for rule in production["Bucket"]["LifecycleConfiguration"]["Rules"]
        if rule.get("Prefix") == "archives/"
    ]

    assert longest == DAY
    assert rule["ExpirationInDays"] == 1


def test_dead_letter_retention_exceeds_all_queues(production: Rendered) -> None:
    queues = production.of_type("AWS::SQS::Queue")
    kept = {name: queue["MessageRetentionPeriod"] for name, queue in queues.items()}
    last = kept.pop("DeadLetterQueue")

    assert last == kept.pop("IntakeDeadLetterQueue") == 14 * DAY
    assert all(period <= last - 7 * DAY for period in kept.values())


def test_a_sheet_that_waits_for_room_asks_each_minute(production: Rendered) -> None:
    """As a new message each time, so it is neither given up nor kept too short."""
    queue = production["IntakeQueue"]

    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == "<IntakeDeadLetterQueue.Arn>"
    assert MAX_WAIT_SECONDS == 60 < queue["MessageRetentionPeriod"]


def test_message_is_dead_lettered_after_five_receives(
    production: Rendered,
) -> None:
    for queue in ("DispatchQueue", "ItemQueue"):
        assert production[queue]["RedrivePolicy"] == {
            "deadLetterTargetArn": "<DeadLetterQueue.Arn>",
            "maxReceiveCount": 5,
        }


def test_the_gateway_waits_longer_than_the_functions_behind_it(production: Rendered) -> None:
    for integration in production.of_type("AWS::ApiGatewayV2::Integration").values():
        function = integration["IntegrationUri"].strip("<>").removesuffix(".Arn")
        assert timeout(production, function) * 1000 < integration["TimeoutInMillis"] <= 30_000


def test_the_sweeper_is_done_before_it_starts_again(production: Rendered) -> None:
    [schedule] = production["SweeperFunction"]["Events"].values()

    assert schedule["Properties"]["Schedule"] == "rate(5 minutes)"
    assert timeout(production, "SweeperFunction") < 300


def test_oidc_without_an_issuer_or_an_audience_is_refused() -> None:
    issuer = "https://login.example.com/"

    assert Rendered(AuthMode="oidc").broken_rules()
    assert Rendered(AuthMode="oidc", OidcIssuer=issuer).broken_rules()
    assert not Rendered(AuthMode="oidc", OidcIssuer=issuer, OidcAudience="api").broken_rules()


def test_every_parameter_is_described_constrained_and_has_a_default(production: Rendered) -> None:
    free_text = {"CliClientId", "OidcAudience", "OidcClientId", "OidcScope"}
    for name, parameter in production.source["Parameters"].items():
        assert parameter["Description"]
        assert "Default" in parameter
        constrained = {"AllowedValues", "AllowedPattern", "MinValue"} & parameter.keys()
        assert constrained or name in free_text, name
