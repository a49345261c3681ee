"""Queues are polled without regard to a function's reserved concurrency.

AWS's pollers take as many messages as the mapping allows. What the function has no place for is
throttled: the message counts as received, comes back after its visibility timeout, and is a dead
letter when that happened often enough. The emulator takes no more than the reservation.

They also receive without a pause. The emulator's pollers rest for 50 ms after they were woken in
vain, as by a message that a worker sends for the next item while all workers are still busy.
"""

from collections.abc import Mapping
from typing import Any

DEFAULT_POLLERS = 5
PAUSE_SECONDS = 0.005
"""Several calls at the same moment wake them once."""


def install() -> None:
    from ministack.services import lambda_svc

    lambda_svc._sqs_esm_concurrency = at_once
    assert lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS > PAUSE_SECONDS, "no longer needed"
    lambda_svc._ESM_IDLE_WAKE_GAP_SECONDS = PAUSE_SECONDS


def at_once(
    mapping: Mapping[str, Any], _function: Any, _config: Any, queue: Mapping[str, Any] | None = None
) -> int:
    """How many batches the pollers of a mapping have under way."""
    if (queue or {}).get("is_fifo"):
        return 1
    scaling = mapping.get("ScalingConfig") or {}
    return int(scaling.get("MaximumConcurrency") or DEFAULT_POLLERS)
