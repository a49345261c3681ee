"""The queues' messages, as JSON.

Without pydantic, because every worker loads it.
"""

import json
from typing import Any

from imagebatch.ports.arrivals import ArrivedObject
from imagebatch.ports.item_queue import ItemMessage
from imagebatch.structs import Struct

DELAYED = "delaySeconds"
"""The attribute of a delayed message, whose time in the queue is no measure of the load."""


class MalformedMessageError(ValueError):
    """The message is malformed: redelivery does not help."""


class DispatchMessage(Struct, frozen=True):
    """A round whose items have to be stored and enqueued."""

    owner: str
    batch_id: str
    round: int


def encode_item(message: ItemMessage) -> str:
    return _text(
        {
            "owner": message.owner,
            "batchId": message.batch_id,
            "round": message.round,
            "position": message.position,
            "index": message.index,
        }
    )


def decode_item(body: str) -> ItemMessage:
    """MalformedMessageError for what `encode_item` did not write; unknown fields are ignored."""
    fields = _fields(body)
    return ItemMessage(
        owner=_string(fields, "owner"),
        batch_id=_string(fields, "batchId"),
        round=_number(fields, "round"),
        position=_number(fields, "position"),
        index=_number(fields, "index"),
    )


def encode_dispatch(message: DispatchMessage) -> str:
    return _text({"owner": message.owner, "batchId": message.batch_id, "round": message.round})


def decode_dispatch(body: str) -> DispatchMessage:
    """MalformedMessageError as in `decode_item`."""
    fields = _fields(body)
    return DispatchMessage(
        owner=_string(fields, "owner"),
        batch_id=_string(fields, "batchId"),
        round=_number(fields, "round"),
    )


def decode_arrival(body: str, age: float) -> ArrivedObject:
    """Parses EventBridge's event Object Created; MalformedMessageError for anything else."""
    detail = _fields(body).get("detail")
    found = detail.get("object") if isinstance(detail, dict) else None
    if not isinstance(found, dict):
        raise MalformedMessageError("the message has no object")
    return ArrivedObject(
        key=_string(found, "key"), etag=_string(found, "etag"), size=_number(found, "size"), age=age
    )


def _text(fields: dict[str, Any]) -> str:
    return json.dumps(fields, separators=(",", ":"))


def _fields(body: str) -> dict[str, Any]:
    try:
        fields = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise MalformedMessageError("the message is not JSON") from error
    if not isinstance(fields, dict):
        raise MalformedMessageError("the message is not a JSON object")
    return fields


def _string(fields: dict[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str) or not value:
        raise MalformedMessageError(f"the message has no {name}")
    return value


def _number(fields: dict[str, Any], name: str) -> int:
    value = fields.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise MalformedMessageError(f"the message has no {name}")
    return value
