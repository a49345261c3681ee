"""Requests that FaultProxy passes on, and the replies it makes itself."""

import json
import re
import zlib
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from imagebatch.adapters.batch_attributes import PACKED_TEXTS
from local.deploy import session

_PACKED = re.compile(rb'"%s": ?\{"B": ?"([^"]+)"' % PACKED_TEXTS.encode())


@dataclass(frozen=True)
class Exchange:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    peer: int

    @property
    def target(self) -> str:
        return self.headers.get("x-amz-target", "").rpartition(".")[2]

    @property
    def operation(self) -> str:
        return self.target or f"{self.method} {self.path}"

    @property
    def text(self) -> str:
        """The path and the body, and the compressed texts of items."""
        packed = "\n".join(map(_unpacked, _PACKED.findall(self.body)))
        return f"{unquote(self.path)}\n{self.body.decode(errors='replace')}\n{packed}"


def _unpacked(base64: bytes) -> str:
    return zlib.decompress(b64decode(base64)).decode(errors="replace")


@dataclass(frozen=True)
class Reply:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def wire(reply: Reply) -> bytes:
    lines = [f"HTTP/1.1 {reply.status} Proxied", *(f"{k}: {v}" for k, v in reply.headers), "", ""]
    return "\r\n".join(lines).encode() + reply.body


def refusal(request: Exchange, action: str, status: int, code: str) -> Reply:
    """Return an error in the request's protocol."""
    if request.target:
        document: dict[str, Any] = {"__type": f"aws#{code}", "message": "injected"}
        if action == "conflict":
            items = len(json.loads(request.body)["TransactItems"])
            reasons = [{"Code": "TransactionConflict"}, *[{"Code": "None"}] * (items - 1)]
            document = {
                "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
                "message": "injected",
                "CancellationReasons": reasons,
            }
            status = 400
        return _reply(status, "application/x-amz-json-1.0", json.dumps(document).encode())
    body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
    return _reply(status, "application/xml", b"" if request.method == "HEAD" else body)


def _reply(status: int, content_type: str, body: bytes) -> Reply:
    return Reply(status, [("Content-Type", content_type), ("Content-Length", str(len(body)))], body)


def partial_reply(upstream: str, request: Exchange) -> Reply:
    """Return AWS's response if it accepted or found only some entries or records."""
    asked = json.loads(request.body)
    if request.target == "BatchGetItem":
        answer: dict[str, Any] = {"Responses": {}, "UnprocessedKeys": asked["RequestItems"]}
        return _reply(200, "application/x-amz-json-1.0", json.dumps(answer).encode())
    if request.target == "BatchWriteItem":
        [requests] = asked["RequestItems"].values()
        return write_some(upstream, asked, len(requests) // 2)
    first, *rest = asked["Entries"]
    taken: list[Any] = []
    if rest:
        # Signed again, because another body needs another signature.
        queue: Any = session().client("sqs", endpoint_url=upstream)
        done = queue.send_message_batch(QueueUrl=asked["QueueUrl"], Entries=rest)
        assert not done.get("Failed")
        taken = done["Successful"]
    failed = {"Id": first["Id"], "Code": "InternalError", "SenderFault": False}
    answer = {"Successful": taken, "Failed": [failed]}
    return _reply(200, "application/x-amz-json-1.0", json.dumps(answer).encode())


def write_some(upstream: str, asked: Mapping[str, Any], count: int) -> Reply:
    """Write only the first records of a BatchWriteItem, and return the others as unprocessed."""
    [(table, requests)] = asked["RequestItems"].items()
    if count:
        # Signed again, because another body needs another signature.
        client: Any = session().client("dynamodb", endpoint_url=upstream)
        written = [_as_given(each) for each in requests[:count]]
        assert not client.batch_write_item(RequestItems={table: written}).get("UnprocessedItems")
    answer = {"UnprocessedItems": {table: requests[count:]}}
    return _reply(200, "application/x-amz-json-1.0", json.dumps(answer).encode())


def _as_given(request: Mapping[str, Any]) -> dict[str, Any]:
    """As the SDK takes it: a binary attribute as bytes."""
    [(kind, what)] = request.items()
    [(part, record)] = what.items()
    attributes = {
        name: {"B": b64decode(value["B"])} if "B" in value else value
        for name, value in record.items()
    }
    return {kind: {part: attributes}}
