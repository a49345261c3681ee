"""AWS in memory, with moto, under the names that its suites use."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import boto3
from moto import mock_aws

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
    """An empty account, and clients that no other test uses."""
    quick_moto.install()
    with mock_aws():
        clients = Clients(REGION)
        clients.__dict__["_session"] = _session()
        yield clients


@cache
def _session() -> boto3.Session:
    """Shared by all: creating a session reads the SDK's service descriptions, which is slow."""
    return boto3.Session("testing", "testing", region_name=REGION)


def create_table(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName=TABLE,
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in KEY],
        KeySchema=[{"AttributeName": name, "KeyType": kind} for name, kind in KEY.items()],
        BillingMode="PAY_PER_REQUEST",
    )


def create_bucket(s3: Any) -> None:
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})
