"""Stores a round's items and enqueues its first messages: one dispatch message is one round."""

from typing import Any

from imagebatch.compose.dispatcher import DispatcherServices
from imagebatch.observability import logger, metrics
from imagebatch.schemas.messages import decode_dispatch
from imagebatch.settings import Settings

services = DispatcherServices(Settings.from_env())


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], _context: Any) -> None:
    for record in event["Records"]:
        message = decode_dispatch(record["body"])
        batch = services.dispatch_items(message.owner, message.batch_id, message.round)
        logger.info(
            "round dispatched",
            batch_id=message.batch_id,
            round=message.round,
            items=batch.state.round_total if batch else None,
        )
