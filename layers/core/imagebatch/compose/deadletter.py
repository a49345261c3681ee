"""DeadLetterFunction: settles the items of repeatedly failing messages."""

from functools import cached_property

from imagebatch.adapters.sqs_records import SQSRecordProcessor
from imagebatch.compose.items import Items


class DeadLetterServices(Items):
    @cached_property
    def dead_letter_records(self) -> SQSRecordProcessor:
        return self.record_processor(self.settings.dead_letter_queue_url, is_dlq_consumer=True)
