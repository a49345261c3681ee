"""The live stack: it asks a server that speaks Replicate's API, and tells others of its batches."""

from collections.abc import Iterator

import httpx
import pytest

from testing.aws_calls import Recorder
from testing.emulator_family import Family
from testing.fake_providers import FakeProviders
from testing.receiver import Receiver
from tests.conftest import Stack, Stacks

TOKEN = "r8_end_to_end"
MAX_ROWS = 200


@pytest.fixture(scope="session")
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture(scope="session")
def provider() -> Iterator[FakeProviders]:
    with FakeProviders() as server:
        server.token = TOKEN
        yield server


@pytest.fixture
def fake(provider: FakeProviders) -> Iterator[FakeProviders]:
    """Without what another test has scripted."""
    yield provider
    provider.clear()
    provider.gone = ()


@pytest.fixture(scope="session")
def calls() -> Iterator[Recorder]:
    """What the functions of the live stack ask of AWS."""
    with Recorder(Family()) as recorder:
        yield recorder


@pytest.fixture(scope="session")
def live_stack(
    stacks: Stacks, receiver: Receiver, provider: FakeProviders, calls: Recorder
) -> Stack:
    """Hours pass in seconds, so that a receiver's next try comes soon."""
    stack = stacks(
        keys={"ReplicateSecretArn": TOKEN},
        AwsEndpointUrl=calls.url,
        ReplicateBaseUrl=provider.url,
        DevCallbackOrigin=receiver.url,
        EventBusName="default",
        MaxRows=MAX_ROWS,
        WorkerTimeoutSeconds=20,
        wait_scale="0.2",
    )
    calls.upstream = stack["endpointUrl"]
    return stack


@pytest.fixture(scope="session")
def live(live_stack: Stack) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=live_stack["apiUrl"], timeout=60) as client:
        yield client
