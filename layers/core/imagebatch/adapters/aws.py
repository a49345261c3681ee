"""AWS clients, created in one place and on demand, and the meaning of their errors."""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ClientError,
    ConnectionError,  # noqa: A004 - botocore's: no connection, no answer in time, no TLS
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.handlers import add_expect_header

from imagebatch import __version__, retries
from imagebatch.domain.errors import UnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_lambda import LambdaClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_secretsmanager import SecretsManagerClient
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

_TRANSIENT_CODES = {
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionInProgressException",
}

USER_AGENT = f"Boto3/{boto3.__version__} app/imagebatch#{__version__}"
"""Fixed: botocore composes its own anew for each request, a tenth of a call's processor time."""


def client_config(*, read_timeout: float, connections: int = 10, **more: Any) -> Config:
    """Four attempts in all, with short timeouts: an invocation has a minute, not an hour."""
    return Config(
        connect_timeout=2,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": 4},
        max_pool_connections=connections,
        tcp_keepalive=True,
        user_agent=USER_AGENT,
        **more,
    )


class Clients:
    """The SDK takes region, credentials and a development endpoint from the environment."""

    def __init__(self, region: str | None = None) -> None:
        self._region = region

    @cached_property
    def _session(self) -> boto3.Session:
        return boto3.Session(region_name=self._region)

    @cached_property
    def dynamodb(self) -> "DynamoDBClient":
        return self._session.client("dynamodb", config=client_config(read_timeout=5))

    @cached_property
    def s3(self) -> "S3Client":
        """Regional endpoints and SigV4, because a presigned URL must work in every region.

        A PUT does not ask first with `Expect: 100-continue`, which would take another round trip:
        that is for a bucket whose Region is unknown, and a body that would be sent twice.
        """
        config = client_config(
            read_timeout=20,
            connections=50,
            signature_version="s3v4",
            s3={"addressing_style": "virtual", "us_east_1_regional_endpoint": "regional"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        client = self._session.client("s3", config=config)
        client.meta.events.unregister("before-call.s3", add_expect_header)
        return client

    @cached_property
    def sqs(self) -> "SQSClient":
        return self._session.client("sqs", config=client_config(read_timeout=10))

    @cached_property
    def stepfunctions(self) -> "SFNClient":
        return self._session.client("stepfunctions", config=client_config(read_timeout=10))

    @cached_property
    def sns(self) -> "SNSClient":
        return self._session.client("sns", config=client_config(read_timeout=5))

    @cached_property
    def events(self) -> Any:
        return self._session.client("events", config=client_config(read_timeout=5))

    @cached_property
    def lambda_(self) -> "LambdaClient":
        return self._session.client("lambda", config=client_config(read_timeout=5))

    @cached_property
    def secretsmanager(self) -> "SecretsManagerClient":
        return self._session.client("secretsmanager", config=client_config(read_timeout=5))


@contextmanager
def translate_errors(part: str) -> Iterator[None]:
    """Turn a transient failure into UnavailableError; a rejection by AWS stays a ClientError."""
    try:
        yield
    except (HTTPClientError, ConnectionError, IncompleteReadError, FlexibleChecksumError) as error:
        raise UnavailableError(f"the {part} could not be reached") from error
    except ClientError as error:
        if not _is_transient(error):
            raise
        raise UnavailableError(f"the {part} is not available: {error_code(error)}") from error


def error_code(error: ClientError) -> str:
    return error.response.get("Error", {}).get("Code", "")


def _is_transient(error: ClientError) -> bool:
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return status >= 500 or status == 429 or error_code(error) in _TRANSIENT_CODES


def attempts(tries: int, *, first: float, sleep: Callable[[float], None]) -> Iterator[int]:
    """Tries of a call to AWS; each pause is 2 seconds at most."""
    return retries.attempts(tries, first=first, longest=2, sleep=sleep, jitter=random.random)
