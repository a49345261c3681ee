import pytest

from tests.template.rendering import Rendered

EMULATOR = "http://127.0.0.1:4566"


@pytest.fixture(scope="session")
def production() -> Rendered:
    """The template with nothing given: what `make deploy` deploys."""
    return Rendered()


@pytest.fixture(scope="session")
def development() -> Rendered:
    return Rendered(
        AuthMode="none",
        AwsEndpointUrl=EMULATOR,
        PublicUrl=f"{EMULATOR}/_aws/execute-api/abc/$default",
        ReplicateBaseUrl="http://127.0.0.1:9000",
        RunpodBaseUrl="http://127.0.0.1:9001",
        FalBaseUrl="http://127.0.0.1:9003",
        DevCallbackOrigin="http://127.0.0.1:9002",
        DevLatency="0",
        EventBusName="default",
    )
