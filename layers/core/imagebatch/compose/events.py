"""EventsFunction: publishes the table's stream to the event bus."""

from functools import cached_property

from imagebatch.adapters.dynamodb.change_feed import DynamoDBChangeFeed
from imagebatch.adapters.eventbridge import EventBridgeBus
from imagebatch.compose.services import Services
from imagebatch.schemas.webhook import webhook_body
from imagebatch.usecases.publish_events import PublishEvents


class EventsServices(Services):
    @cached_property
    def publish_events(self) -> PublishEvents:
        feed = DynamoDBChangeFeed(*self.table, report=self.telemetry.unreadable)
        bus = EventBridgeBus(self.clients.events, self.settings.event_bus_name)
        return PublishEvents(feed, bus, webhook_body)
