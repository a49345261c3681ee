"""The webhooks of a batch: delivery status and replay."""

import re

from imagebatch.api.parameters import BATCH_ID, path
from imagebatch.api.request import Request
from imagebatch.api.routing import Routes
from imagebatch.domain.delivery import Delivery
from imagebatch.domain.errors import NotFoundError
from imagebatch.schemas.webhook_answers import WebhookAnswer, WebhookList

routes = Routes("Webhooks")
NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)
SENT = {
    "n": 1,
    "id": "5f0c9a7e4d2b4c0e9f2d8a6b1c3e5f70-1-1",
    "type": "batch.completed",
    "url": "https://shop.example.com/hook",
    "status": "delivered",
    "attempts": 2,
    "reason": None,
    "createdAt": "2026-01-05T09:00:00.000Z",
    "lastAttemptAt": "2026-01-05T09:00:05.000Z",
}


@routes.get(
    "/api/batches/{batch_id}/webhooks",
    id="listWebhooks",
    summary="The webhooks of a batch with their delivery status",
    description="`url` omits user, password and query.",
    parameters=[BATCH_ID],
    returns={200: WebhookList},
    errors=[404],
    examples={200: {"items": [SENT]}},
)
def list_webhooks(request: Request, batch_id: str) -> WebhookList:
    request.services.records.batch(request.owner, batch_id)
    found = request.services.deliveries.list_deliveries(request.owner, batch_id)
    return WebhookList(items=[_view(n, each) for n, each in enumerate(found, start=1)])


@routes.post(
    "/api/batches/{batch_id}/webhooks/{n}/replay",
    id="replayWebhook",
    summary="Send a webhook again",
    description="Sends the same `webhook-id` and body with a new timestamp and signature; the URL "
    "is checked again. A single attempt, whose result is in the response; at most every ten "
    "seconds.",
    parameters=[BATCH_ID, path("n", {"type": "integer", "minimum": 1}, "Its `n` in the list.")],
    returns={200: WebhookAnswer},
    errors=[404, 429],
    examples={200: SENT},
)
def replay_webhook(request: Request, batch_id: str, n: str) -> WebhookAnswer:
    if not NUMBER.fullmatch(n):
        raise NotFoundError("webhook-not-found", "Webhook not found", title="Not found")
    return _view(int(n), request.services.replay_webhook(request.owner, batch_id, int(n)))


def _view(n: int, delivery: Delivery) -> WebhookAnswer:
    return WebhookAnswer(
        n=n,
        id=delivery.id,
        type=str(delivery.body.get("type", "")),
        url=delivery.shown_url,
        status=delivery.status,
        attempts=delivery.attempts,
        reason=delivery.reason or None,
        created_at=delivery.created_at,
        last_attempt_at=delivery.last_attempt_at,
    )
