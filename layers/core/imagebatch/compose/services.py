"""The base of every function's services: settings, clients, clock, randomness, telemetry."""

from typing import TYPE_CHECKING

from imagebatch.adapters.aws import Clients
from imagebatch.adapters.secrets import SecretReader
from imagebatch.adapters.system import SystemClock, SystemRandomness
from imagebatch.observability import PowertoolsTelemetry
from imagebatch.settings import Settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class Services:
    def __init__(self, settings: Settings, clients: Clients | None = None) -> None:
        self.settings = settings
        self.clients = clients or Clients()
        self.clock = SystemClock()
        self.random = SystemRandomness()
        self.telemetry = PowertoolsTelemetry()

    @property
    def table(self) -> "tuple[DynamoDBClient, str]":
        """The arguments of every store."""
        return self.clients.dynamodb, self.settings.table_name

    def secret(self, arn: str, *, holds: str = "provider's API key") -> SecretReader:
        return SecretReader(arn, lambda: self.clients.secretsmanager, holds=holds)
