"""Processing one item, for the worker and the dead-letter function."""

from functools import cached_property

from imagebatch.adapters.dynamodb.outages import DynamoDBBreakerStore, DynamoDBPredictionLedger
from imagebatch.adapters.images import PillowValidator
from imagebatch.adapters.sqs_records import SQSRecordProcessor
from imagebatch.adapters.thumbnails import PillowThumbnailer
from imagebatch.compose.providers import Providers
from imagebatch.compose.storage import Storage
from imagebatch.compose.table import Table
from imagebatch.usecases.circuit_breakers import CircuitBreakers
from imagebatch.usecases.collect_image import CollectImage, ProviderGateway
from imagebatch.usecases.mark_image import MarkImage
from imagebatch.usecases.poll_schedule import PollSchedule
from imagebatch.usecases.process_item.perform import PerformEffect
from imagebatch.usecases.process_item.run import ProcessItem


class Items(Table, Storage, Providers):
    @cached_property
    def gateway(self) -> ProviderGateway:
        pace = PollSchedule(self.settings.worker_concurrency)
        return ProviderGateway(self.providers, self.media, pace, self.telemetry)

    @cached_property
    def collect_image(self) -> CollectImage:
        mark = MarkImage(self.telemetry, self.settings.mark_images, self.settings.mark_prompts)
        return CollectImage(
            self.gateway, PillowValidator(), PillowThumbnailer(), mark, self.media, self.clock
        )

    def perform_effect(self) -> PerformEffect:
        open_for = self.settings.outage_policy.open_for
        breakers = CircuitBreakers(
            DynamoDBBreakerStore(*self.table, report=self.telemetry.unreadable),
            self.clock,
            self.telemetry,
            open_for,
        )
        ledger = DynamoDBPredictionLedger(*self.table)
        return PerformEffect(self.gateway, self.collect_image, self.clock, breakers, ledger)

    def record_processor(self, url: str, *, is_dlq_consumer: bool) -> SQSRecordProcessor:
        process_item = ProcessItem(
            self.records,
            self.item_queue,
            self.finalizer,
            self.perform_effect(),
            self.telemetry,
            self.settings.item_deadline,
            self.settings.worker_concurrency,
            may_create=not is_dlq_consumer,
            policy=self.settings.outage_policy,
        )
        return SQSRecordProcessor(
            self.clients.sqs,
            url,
            self.clock,
            self.telemetry,
            process_item,
            is_dlq_consumer=is_dlq_consumer,
        )
