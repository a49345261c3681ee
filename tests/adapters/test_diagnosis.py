"""Where the facts of `imagebatch doctor` come from: providers, the table, AWS."""

from collections.abc import Iterator
from copy import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from imagebatch.adapters.aws import Clients
from imagebatch.adapters.dynamodb.refusals import DynamoDBRefusalLog
from imagebatch.adapters.providers.accounts import fal_account, replicate_account, runpod_account
from imagebatch.adapters.providers.noting import NotingProvider
from imagebatch.adapters.providers.replicate import ReplicateProvider
from imagebatch.adapters.stack_facts import AwsStackFacts
from imagebatch.adapters.system import SystemClock
from imagebatch.domain.errors import (
    ProviderAuthError,
    ProviderUnavailableError,
    RateLimitedError,
    UnavailableError,
)
from imagebatch.ports.provider_account import ProviderAccount
from imagebatch.ports.providers import ImageRequest
from imagebatch.ports.refusal_log import Refusal
from imagebatch.ports.stack_facts import AlarmAddress, Concurrency
from imagebatch.settings import Settings
from testing.aws import TABLE, aws_in_memory, create_table
from testing.fake_providers import FakeProviders

TOPIC = "arn:aws:sns:eu-central-1:123456789012:alarms"
MACHINE = "arn:aws:states:eu-central-1:123456789012:stateMachine:finalizer"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def account(vendor: str, fake: FakeProviders, key: str) -> ProviderAccount:
    if vendor == "replicate":
        return replicate_account(lambda: key, fake.url)
    if vendor == "fal":
        return fal_account(lambda: key, fake.url)
    return runpod_account(lambda: key, "abc", fake.url)


@pytest.mark.parametrize("vendor", ["replicate", "runpod", "fal"])
def test_account_check_is_free_and_tells_bad_keys(vendor: str) -> None:
    with FakeProviders() as fake:
        fake.token = "good"
        account(vendor, fake, "good").check()
        with pytest.raises(ProviderAuthError):
            account(vendor, fake, "bad").check()
        assert not fake.creates("")
        url = fake.url
    closed = replicate_account(lambda: "good", url)
    with pytest.raises(ProviderUnavailableError):
        closed.check()


@pytest.fixture
def log() -> Iterator[DynamoDBRefusalLog]:
    with aws_in_memory() as clients:
        create_table()
        yield DynamoDBRefusalLog(clients.dynamodb, TABLE)


@pytest.mark.slow
def test_last_refusal_is_kept_for_each_provider(log: DynamoDBRefusalLog) -> None:
    first, second = Refusal("wait", NOW), Refusal("no credit", NOW + timedelta(hours=1))
    assert log.last("replicate") is None
    log.note("replicate", first)
    log.note("replicate", second)
    assert log.last("replicate") == second
    assert log.last("runpod") is None
    log.clear("replicate")
    assert log.last("replicate") is None


def test_refused_create_is_noted_once_a_minute() -> None:
    noted: list[Refusal] = []

    class Log:
        def note(self, provider: str, refusal: Refusal) -> None:
            assert provider == "replicate"
            noted.append(refusal)
            if len(noted) == 2:
                raise UnavailableError("the table is throttled")

        def clear(self, provider: str) -> None:
            raise AssertionError("no create was accepted")

        def last(self, provider: str) -> Refusal | None:
            return None

    seconds = [0.0]
    request = ImageRequest("google/nano-banana", {}, "a car")
    with FakeProviders() as fake:
        fake.script("429_body")
        inner = ReplicateProvider(lambda: "token", fake.url)
        provider = NotingProvider(
            "replicate", inner, Log(), SystemClock(), monotonic=lambda: seconds[0]
        )
        for now in (0.0, 30.0, 61.0):
            seconds[0] = now
            with pytest.raises(RateLimitedError):
                provider.create(request)
    assert [refusal.reason for refusal in noted] == [
        "Replicate rate-limited the request (429)."
    ] * 2


@pytest.mark.slow
def test_a_refusal_is_cleared_by_a_later_create(log: DynamoDBRefusalLog) -> None:
    request = ImageRequest("google/nano-banana", {}, "a car")
    with FakeProviders() as fake:
        fake.script("402", times=1)
        inner = ReplicateProvider(lambda: "token", fake.url)
        provider = NotingProvider("replicate", inner, log, SystemClock())
        with pytest.raises(ProviderAuthError):
            provider.create(request)
        assert log.last("replicate") is not None
        provider.create(request)
    assert log.last("replicate") is None


def test_a_note_never_loses_a_paid_prediction() -> None:
    class Log:
        def note(self, provider: str, refusal: Refusal) -> None:
            raise AssertionError("nothing was refused")

        def clear(self, provider: str) -> None:
            raise AssertionError("nothing was found")

        def last(self, provider: str) -> Refusal | None:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "BatchGetItem")

    with FakeProviders() as fake:
        inner = ReplicateProvider(lambda: "token", fake.url)
        provider = NotingProvider("replicate", inner, Log(), SystemClock())
        assert provider.create(ImageRequest("google/nano-banana", {}, "a car")).id


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Clients:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    return Clients("eu-central-1")


def facts(clients: Clients) -> AwsStackFacts:
    settings = Settings.from_env({})
    return AwsStackFacts(
        clients, replace(settings, alarm_topic_arn=TOPIC, state_machine_arn=MACHINE)
    )


def execution(stopped: datetime) -> dict[str, Any]:
    return {
        "executionArn": MACHINE.replace("stateMachine", "execution") + ":a",
        "stateMachineArn": MACHINE,
        "name": "a",
        "status": "FAILED",
        "startDate": stopped,
        "stopDate": stopped,
    }


@pytest.mark.slow
def test_only_recent_finalizers_are_counted(clients: Clients) -> None:
    found = [execution(NOW), execution(NOW - timedelta(days=2))]
    asked = {"stateMachineArn": MACHINE, "statusFilter": "FAILED", "maxResults": 100}
    with Stubber(clients.stepfunctions) as stub:
        stub.add_response("list_executions", {"executions": found}, asked)
        assert facts(clients).failed_finalizers(NOW - timedelta(days=1)) == 1


@pytest.mark.parametrize(
    ("arns", "address"),
    [
        (["PendingConfirmation"], AlarmAddress.UNCONFIRMED),
        ([], AlarmAddress.UNCONFIRMED),
        (["PendingConfirmation", f"{TOPIC}:1"], AlarmAddress.CONFIRMED),
    ],
)
def test_alarm_address_is_confirmed_by_its_arn(
    clients: Clients, arns: list[str], address: AlarmAddress
) -> None:
    found = {"Subscriptions": [{"SubscriptionArn": arn} for arn in arns]}
    with Stubber(clients.sns) as stub:
        stub.add_response("list_subscriptions_by_topic", found, {"TopicArn": TOPIC})
        assert facts(clients).alarm_address() is address


@pytest.mark.slow
def test_quota_is_the_accounts(clients: Clients) -> None:
    limit = {"ConcurrentExecutions": 1000, "UnreservedConcurrentExecutions": 987}
    with Stubber(clients.lambda_) as stub:
        stub.add_response("get_account_settings", {"AccountLimit": limit})
        assert facts(clients).concurrency() == Concurrency(1000, 987)


@pytest.mark.slow
def test_missing_permission_hides_one_fact(clients: Clients) -> None:
    with Stubber(clients.lambda_) as stub:
        stub.add_client_error("get_account_settings", "AccessDeniedException")
        with pytest.raises(UnavailableError, match="answered AccessDeniedException"):
            facts(clients).concurrency()
