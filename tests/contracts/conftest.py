"""Each port's contract runs on the fake and on the real adapter, whose AWS is moto."""

from collections.abc import Iterator
from typing import Any

import pytest

from imagebatch.adapters.aws import Clients
from testing.aws import aws_in_memory, create_table


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clients]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    with aws_in_memory() as made:
        yield made


@pytest.fixture
def dynamodb(clients: Clients) -> Any:
    """A client whose table is there."""
    create_table()
    return clients.dynamodb
