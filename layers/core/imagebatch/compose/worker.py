"""WorkerFunction: processes the items of the item queue."""

from functools import cached_property

from imagebatch.adapters.sqs_records import SQSRecordProcessor
from imagebatch.compose.items import Items


class WorkerServices(Items):
    @cached_property
    def item_records(self) -> SQSRecordProcessor:
        return self.record_processor(self.settings.item_queue_url, is_dlq_consumer=False)
