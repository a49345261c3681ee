"""Response models of the webhook routes."""

from imagebatch.domain.delivery import DeliveryStatus
from imagebatch.schemas.answer_fields import ResponseModel, Timestamp


class WebhookAnswer(ResponseModel):
    """`reason` is why the last attempt failed."""

    n: int
    id: str
    type: str
    url: str
    status: DeliveryStatus
    attempts: int
    reason: str | None
    created_at: Timestamp
    last_attempt_at: Timestamp | None


class WebhookList(ResponseModel):
    items: list[WebhookAnswer]
