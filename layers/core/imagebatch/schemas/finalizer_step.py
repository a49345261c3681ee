"""The input of the finalizer function, from its state machine."""

from collections.abc import Mapping
from typing import Any

from imagebatch.structs import Struct


class FinalizerStep(Struct, frozen=True):
    """`owner` is empty in executions that an earlier version started."""

    name: str
    owner: str
    batch_id: str
    round: int
    attempt: int
    notice: dict[str, Any] | None
    archive: dict[str, Any] | None


def decode_step(event: Mapping[str, Any]) -> FinalizerStep:
    return FinalizerStep(
        name=event["step"],
        owner=event.get("owner") or "",
        batch_id=event["batchId"],
        round=int(event["round"]),
        attempt=int(event["attempt"]),
        notice=event.get("notice"),
        archive=event.get("built", {}).get("archive"),
    )
