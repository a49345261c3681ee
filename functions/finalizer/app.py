"""The steps of the finalizer's state machine, selected by `event["step"]`."""

from collections.abc import Callable
from typing import Any

from imagebatch.compose.finalizer import FinalizerServices
from imagebatch.observability import logger, metrics
from imagebatch.settings import Settings
from imagebatch.usecases.finalize_batch import FinalizerRun

services = FinalizerServices(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    finalize, notice = services.finalize_batch, event.get("notice")
    steps: dict[str, Callable[[FinalizerRun], dict[str, Any]]] = {
        "build": finalize.build,
        "publish": lambda run: finalize.publish(run, event.get("built", {}).get("archive")),
        "notify": lambda run: services.notify_owner.deliver(run.owner, run.batch_id, notice),
        "stopNotifying": lambda run: services.notify_owner.give_up(run.owner, run.batch_id, notice),
        "delete": finalize.delete,
        "expire": finalize.expire,
        "giveUp": finalize.give_up,
    }
    batch_id = event["batchId"]
    # A deleted batch has no owner: every step tolerates that.
    owner = event.get("owner") or services.store.owner_of(batch_id) or ""
    run = FinalizerRun(owner, batch_id, int(event["round"]), int(event["attempt"]))
    return steps[event["step"]](run)
