"""Webhooks to a batch's callback URL."""

from functools import cached_property
from typing import TYPE_CHECKING

from imagebatch.compose.table import Table

if TYPE_CHECKING:
    from imagebatch.ports.deliveries import DeliveryStore
    from imagebatch.ports.webhooks import Webhooks
    from imagebatch.usecases.notify_owner import SendWebhook


class WebhookDelivery(Table):
    @cached_property
    def webhooks(self) -> "Webhooks":
        from imagebatch.adapters.webhooks import StandardWebhooks

        settings = self.settings
        secret = self.secret(settings.webhook_secret_arn, holds="key that webhooks are signed with")
        return StandardWebhooks(secret, self.clock, development_origin=settings.dev_callback_origin)

    @cached_property
    def deliveries(self) -> "DeliveryStore":
        from imagebatch.adapters.dynamodb.deliveries import DynamoDBDeliveryStore

        return DynamoDBDeliveryStore(*self.table, report=self.telemetry.unreadable)

    @cached_property
    def send_webhook(self) -> "SendWebhook":
        from imagebatch.usecases.notify_owner import SendWebhook

        return SendWebhook(self.records, self.webhooks, self.deliveries)
