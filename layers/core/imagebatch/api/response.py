"""A handler's response, and how it is sent to the gateway: HEAD, gzip, size, security headers."""

import base64
import json
import zlib
from collections.abc import Mapping
from typing import Any

from imagebatch.api.event import GatewayEvent
from imagebatch.api.request_errors import NotAcceptableError
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.structs import Struct, field

JSON = "application/json"
MIN_COMPRESSED_BYTES = 1_400
"""A shorter body fits into one packet uncompressed."""
MAX_RESPONSE_BYTES = 5_500_000
"""Lambda allows 6 MB, including headers and the JSON around the body."""
SECURITY_HEADERS = {
    "content-security-policy": "default-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


class Response(Struct, frozen=True):
    status: int
    content_type: str | None = None
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict)


class Reply(Struct, frozen=True):
    """A model with a status other than 200; a document is already serialized."""

    status: int
    model: Any
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Response:
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return Response(status, JSON, body, headers or {})


def for_gateway(event: GatewayEvent, response: Response) -> dict[str, Any]:
    """Return the response for API Gateway; InvalidRequestError for one that is too large for
    Lambda.
    """
    headers = {
        "cache-control": "no-store",
        **SECURITY_HEADERS,
        **{name.lower(): value for name, value in response.headers.items()},
    }
    if response.content_type:
        headers["content-type"] = response.content_type
    if event.method == "HEAD":
        return {"statusCode": response.status, "headers": headers, "body": ""}
    body, packed = _packed(event, response.body)
    if len(body) > MAX_RESPONSE_BYTES:
        raise _too_large(packed)
    if packed:
        headers |= {"content-encoding": "gzip", "vary": "accept-encoding"}
    text = body.decode("ascii" if packed else "utf-8")
    return {
        "statusCode": response.status,
        "headers": headers,
        "body": text,
        "isBase64Encoded": packed,
    }


def _packed(event: GatewayEvent, body: str | bytes) -> tuple[bytes, bool]:
    """Return the body as bytes, and whether they are base64 of gzip."""
    plain = body.encode() if isinstance(body, str) else body
    accepted = (event.headers.get("accept-encoding") or "").lower()
    if len(plain) < MIN_COMPRESSED_BYTES or "gzip" not in accepted:
        return plain, False
    pack = zlib.compressobj(6, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return base64.b64encode(pack.compress(plain) + pack.flush()), True


def _too_large(packed: bool) -> InvalidRequestError:
    detail = "Request less at once." if packed else "Send Accept-Encoding: gzip, or request less."
    return NotAcceptableError("answer-too-large", "The answer is too large", detail=detail)
