"""What each function asked of AWS, in the words of its policies, recorded on the way there.

calls = Recorder(emulator)        a FaultProxy; the template's AwsEndpointUrl
calls.made                        every request, with the access key that signed it
actions(exchange, reply)          the permissions it took: ("s3:GetObject", "bucket/key") ...
"""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from testing.emulator_family import Family
from testing.exchanges import Exchange, Reply
from testing.fault_proxy import FaultProxy

BATCHES = re.compile(r"BATCH#[^#\"]+#([0-9a-f]{32})\b")
ACCOUNT_SETTINGS = "/2016-08-19/account-settings"
"""Of Lambda, which speaks REST as S3 does."""
_SIGNED_BY = re.compile(r"Credential=([^/,&]+)/")
_OF_A_TRANSACTION = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
_OF_S3 = {"GET": "GetObject", "HEAD": "GetObject", "PUT": "PutObject", "POST": "PutObject"}
_OF_S3 |= {"DELETE": "DeleteObject"}


@dataclass(frozen=True)
class Call:
    """`signer` is an access key; `action` and `resource` as a policy would name them.

    `handed_out` marks a presigned request: signed by a function, but sent by whoever holds it.
    `about` is the path it was asked at.
    """

    signer: str
    action: str
    resource: str
    status: int
    handed_out: bool
    about: str = ""


class Recorder(FaultProxy):
    def __init__(self, family: Family) -> None:
        super().__init__(BATCHES, family)
        self.made: list[Call] = []

    def asked(self, action: str, status: int, of: str) -> bool:
        """Whether an object or resource whose name contains `of` was accessed this way."""
        return any((c.action, c.status) == (action, status) and of in c.about for c in self.made)

    def learn(self, request: Exchange, reply: Reply) -> None:
        super().learn(request, reply)
        signer = signer_of(request)
        handed_out = "authorization" not in request.headers
        self.made += [
            Call(signer, action, resource, reply.status, handed_out, unquote(request.path))
            for action, resource in actions(request, reply)
        ]


def signer_of(request: Exchange) -> str:
    header = _SIGNED_BY.search(request.headers.get("authorization", ""))
    if header:
        return header[1]
    query = parse_qs(urlsplit(request.path).query).get("X-Amz-Credential", [""])[0]
    field = re.search(rb"([A-Z0-9]{20})/\d{8}/[\w-]+/s3/aws4_request", request.body[:20_000])
    return query.split("/")[0] or (field[1].decode() if field else "")


def key_of_function(function_arn: str, role_arn: str) -> str:
    """The access key with which the emulator signs a function's calls."""
    return "ASIA" + hashlib.sha256(f"{function_arn}:{role_arn}".encode()).hexdigest()[:16].upper()


def actions(request: Exchange, reply: Reply) -> Iterator[tuple[str, str]]:
    target = request.headers.get("x-amz-target", "")
    service, _, operation = target.rpartition(".")
    if request.path.startswith(ACCOUNT_SETTINGS):
        yield "lambda:GetAccountSettings", "*"
        return
    if not target:
        yield from _of_s3(request, reply)
        return
    body: dict[str, Any] = json.loads(request.body or b"{}")
    if service.startswith("DynamoDB"):
        yield from _of_dynamodb(operation, body)
    elif service == "AmazonSQS":
        queue = str(body.get("QueueUrl", "")).rsplit("/", 1)[-1]
        yield f"sqs:{operation.removesuffix('Batch')}", queue  # IAM has no action for a batch
    elif service == "AWSEvents":
        for entry in body.get("Entries", []):
            yield f"events:{operation}", str(entry["EventBusName"])
    elif service == "AWSStepFunctions":
        yield f"states:{operation}", body.get("stateMachineArn") or body.get("executionArn", "")
    else:
        yield f"{service}:{operation}", str(body.get("SecretId", ""))


def _of_dynamodb(operation: str, body: dict[str, Any]) -> Iterator[tuple[str, str]]:
    if operation == "TransactWriteItems":
        for each in body["TransactItems"]:
            [(kind, item)] = each.items()
            yield f"dynamodb:{_OF_A_TRANSACTION[kind]}", item["TableName"]
    elif operation in {"BatchGetItem", "BatchWriteItem"}:
        for table in body["RequestItems"]:
            yield f"dynamodb:{operation}", table
    else:
        yield f"dynamodb:{operation}", body["TableName"]


def _of_s3(request: Exchange, reply: Reply) -> Iterator[tuple[str, str]]:
    """A missing object is distinguished from a forbidden one by the permission to list."""
    parts = urlsplit(request.path)
    query = parse_qs(parts.query, keep_blank_values=True)
    bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
    if not key and "delete" in query:
        for found in re.findall(rb"<Key>(.*?)</Key>", request.body):
            yield "s3:DeleteObject", f"{bucket}/{unescape(found.decode())}"
        return
    if not key and request.method == "POST":
        posted = re.search(rb'name="key"\r\n\r\n([^\r]+)', request.body[:20_000])
        key = posted[1].decode() if posted else ""
    if not key:
        wanted = "ListBucketMultipartUploads" if "uploads" in query else "ListBucket"
        yield f"s3:{wanted}", bucket
        return
    name = _OF_S3[request.method]
    if "uploadId" in query and request.method in {"GET", "DELETE"}:
        name = {"GET": "ListMultipartUploadParts", "DELETE": "AbortMultipartUpload"}[request.method]
    yield f"s3:{name}", f"{bucket}/{key}"
    if source := request.headers.get("x-amz-copy-source"):
        yield "s3:GetObject", unquote(source).lstrip("/")
    if reply.status == 404 and request.method in {"GET", "HEAD"}:
        yield "s3:ListBucket", bucket
