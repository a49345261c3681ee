"""The stack that tells others of its batches: a webhook's receiver, and the account's event bus."""

from collections.abc import Iterator

import httpx
import pytest

from testing.aws_calls import Recorder
from testing.fake_providers import FakeProviders
from testing.fault_proxy import Family
from testing.receiver import Receiver
from tests.conftest import Stack, Stacks

TOKEN = "r8_webhooks"


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture(scope="session")
def told_provider() -> Iterator[FakeProviders]:
    with FakeProviders() as server:
        server.token = TOKEN
        yield server


@pytest.fixture(scope="session")
def calls() -> Iterator[Recorder]:
    """What the functions of the telling stack ask of AWS."""
    with Recorder(Family()) as recorder:
        yield recorder


@pytest.fixture(scope="session")
def telling(
    stacks: Stacks, receiver: Receiver, told_provider: FakeProviders, calls: Recorder
) -> Stack:
    """Hours pass in seconds, so that a receiver's next try comes soon."""
    stack = stacks(
        keys={"ReplicateSecretArn": TOKEN},
        AwsEndpointUrl=calls.url,
        ReplicateBaseUrl=told_provider.url,
        DevCallbackOrigin=receiver.url,
        EventBusName="default",
        wait_scale="0.2",
    )
    calls.upstream = stack["endpointUrl"]
    return stack


@pytest.fixture(scope="session")
def telling_api(telling: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=telling["apiUrl"], timeout=60) as client:
        yield client
