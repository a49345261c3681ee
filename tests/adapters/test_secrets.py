"""SecretReader on Secrets Manager (moto): fresh enough, rotatable, silent about where it looked."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from imagebatch.adapters.secrets import CACHE_SECONDS, SecretReader
from imagebatch.domain.errors import ProviderAuthError, ProviderUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class Stopwatch:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Iterator["SecretsManagerClient"]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    with mock_aws():
        yield boto3.client("secretsmanager", region_name="us-east-1")


@pytest.fixture
def clock() -> Stopwatch:
    return Stopwatch()


@pytest.fixture
def reader(client: "SecretsManagerClient", clock: Stopwatch) -> SecretReader:
    arn = client.create_secret(Name="key", SecretString="first")["ARN"]
    return SecretReader(arn, lambda: client, clock=clock)


def rotate(client: "SecretsManagerClient", text: str) -> None:
    client.put_secret_value(SecretId="key", SecretString=text)


@pytest.mark.slow
def test_a_secret_is_read_once_in_five_minutes(
    client: "SecretsManagerClient", reader: SecretReader, clock: Stopwatch
) -> None:
    assert reader() == "first"
    rotate(client, "second")
    clock.seconds = CACHE_SECONDS - 1
    assert reader() == "first"
    clock.seconds = CACHE_SECONDS
    assert reader() == "second"


@pytest.mark.slow
def test_a_refresh_reads_it_at_once(client: "SecretsManagerClient", reader: SecretReader) -> None:
    assert reader() == "first"
    rotate(client, "second")

    assert reader.refresh() == "second"
    assert reader() == "second"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("stored", "key"),
    [
        ("r8_abc\n", "r8_abc"),
        ('{"REPLICATE_API_TOKEN": "r8_abc"}', "r8_abc"),
        ("12345", "12345"),
    ],
)
def test_the_key_is_found_as_people_store_it(
    client: "SecretsManagerClient", reader: SecretReader, stored: str, key: str
) -> None:
    rotate(client, stored)

    assert reader() == key


@pytest.mark.slow
@pytest.mark.parametrize("stored", [" ", "{}", '{"a": "1", "b": "2"}', '{"a": 1}'])
def test_a_secret_without_a_key_is_an_error(
    client: "SecretsManagerClient", reader: SecretReader, stored: str
) -> None:
    rotate(client, stored)
    with pytest.raises(ProviderAuthError, match="empty"):
        reader()


@pytest.mark.slow
def test_missing_secret_error_does_not_reveal_its_arn(
    client: "SecretsManagerClient",
) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:123456789012:secret:gone"
    with pytest.raises(ProviderAuthError) as caught:
        SecretReader(arn, lambda: client)()

    assert "arn" not in caught.value.reason
    assert "gone" not in caught.value.reason


class OutOfOrder:
    """Secrets Manager while it does not answer."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def get_secret_value(self, **_: str) -> None:
        raise self.error


PASSING = [
    EndpointConnectionError(endpoint_url="https://secretsmanager"),
    ClientError({"Error": {"Code": "InternalServiceError"}}, "GetSecretValue"),
    ClientError({"Error": {"Code": "ThrottlingException"}}, "GetSecretValue"),
]


@pytest.mark.parametrize("error", PASSING)
def test_secrets_manager_outage_is_not_an_auth_error(error: Exception) -> None:
    out_of_order: SecretsManagerClient = OutOfOrder(error)  # type: ignore[assignment]
    with pytest.raises(ProviderUnavailableError) as caught:
        SecretReader("arn", lambda: out_of_order)()

    assert not caught.value.maybe_billed


@pytest.mark.slow
@pytest.mark.parametrize("error", PASSING)
def test_secrets_manager_outage_keeps_the_cached_key(
    client: "SecretsManagerClient", error: Exception
) -> None:
    arn = client.create_secret(Name="key", SecretString="first")["ARN"]
    clock, clients = Stopwatch(), [client]
    reader = SecretReader(arn, lambda: clients[-1], clock=clock)
    assert reader() == "first"
    clients.append(OutOfOrder(error))  # type: ignore[arg-type]
    clock.seconds = CACHE_SECONDS

    assert reader() == "first"


@pytest.mark.slow
def test_access_denied_is_an_error_despite_a_cached_key(
    client: "SecretsManagerClient", reader: SecretReader, clock: Stopwatch
) -> None:
    assert reader() == "first"
    client.delete_secret(SecretId="key", ForceDeleteWithoutRecovery=True)
    clock.seconds = CACHE_SECONDS
    with pytest.raises(ProviderAuthError):
        reader()
