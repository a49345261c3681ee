"""AWS in memory, with moto, under the names that its suites use."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from functools import cache
from typing import Any

import boto3
from botocore.config import Config
from moto import mock_aws
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT

from imagebatch.adapters.aws import Clients
from testing import quick_moto

TABLE = "imagebatch"
BUCKET = "imagebatch-media"
REGION = "eu-central-1"
KEY = {"pk": "HASH", "sk": "RANGE"}


def no_sleep(seconds: float) -> None:
    """Replaces the pauses between attempts, which a test need not wait for."""
    assert 0 <= seconds <= 2


@contextmanager
def aws_in_memory() -> Iterator[Clients]:
    """An empty account, and clients without the hooks of other tests."""
    quick_moto.install()
    with mock_aws():
        clients = Clients(REGION)
        clients.__dict__["_session"] = _session()
        yield clients


class _Session:
    """Creates a client once: that takes longer than most tests."""

    def __init__(self) -> None:
        self._session = boto3.Session("testing", "testing", region_name=REGION)
        self._made: dict[tuple[str, str], _Client] = {}

    def client(self, service: str, *, config: Config) -> Any:
        if "AWS_ENDPOINT_URL" in os.environ:
            return self._session.client(service, config=config)
        wanted = service, repr(sorted(vars(config).items(), key=lambda each: each[0]))
        if wanted not in self._made:
            self._made[wanted] = _Client(self._session.client(service, config=config))
        return self._made[wanted].as_new()


class _Client:
    def __init__(self, client: Any) -> None:
        self._client = client
        self._hooks = client.meta.events._emitter
        self._own = copy(self._hooks)

    def as_new(self) -> Any:
        """The client, without the hooks that somebody has registered since it was created."""
        for name, value in vars(copy(self._own)).items():
            setattr(self._hooks, name, value)
        return self._client


@cache
def _session() -> _Session:
    return _Session()


# At moto's own models: as calls of the SDK they took a third of the time of most tests.


def create_table() -> None:
    backend = get_backend("dynamodb")[ACCOUNT][REGION]
    backend.create_table(
        TABLE,
        schema=[{"AttributeName": name, "KeyType": kind} for name, kind in KEY.items()],
        throughput=None,
        attr=[{"AttributeName": name, "AttributeType": "S"} for name in KEY],
        global_indexes=[],
        indexes=[],
        streams=None,
        billing_mode="PAY_PER_REQUEST",
        sse_specification=None,
        tags=[],
        deletion_protection_enabled=False,
        warm_throughput=None,
    )


def create_bucket() -> None:
    get_backend("s3")[ACCOUNT]["aws"].create_bucket(BUCKET, REGION)


def create_queue(name: str) -> str:
    """Its URL."""
    get_backend("sqs")[ACCOUNT][REGION].create_queue(name)
    return f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}"


def create_secret(name: str, value: str) -> str:
    """Its ARN."""
    made = get_backend("secretsmanager")[ACCOUNT][REGION].create_secret(
        name,
        secret_string=value,
        secret_binary=None,
        description=None,
        tags=None,
        kms_key_id=None,
        client_request_token=None,
        replica_regions=[],
        force_overwrite=False,
    )
    return str(json.loads(made)["ARN"])
