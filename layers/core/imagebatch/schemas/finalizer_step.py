"""What the finalizer's state machine asks of its function."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class FinalizerStep:
    """`owner` is empty for an execution that was started before it carried one."""

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
