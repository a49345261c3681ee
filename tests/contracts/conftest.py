"""Each port's contract runs on the fake and on the real adapter, whose AWS is moto."""

from collections.abc import Iterator
from typing import Any

import pytest
from moto import mock_aws

from imagebatch.adapters.aws import Clients
from testing.aws import REGION, TABLE


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with mock_aws():
        yield Clients(REGION)


@pytest.fixture
def dynamodb(clients: Clients) -> Any:
    """A client whose table is there."""
    key = [("pk", "HASH"), ("sk", "RANGE")]
    clients.dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": n, "AttributeType": "S"} for n, _ in key],
        KeySchema=[{"AttributeName": n, "KeyType": t} for n, t in key],  # type: ignore[typeddict-item]
        BillingMode="PAY_PER_REQUEST",
    )
    return clients.dynamodb
