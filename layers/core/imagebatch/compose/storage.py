"""The bucket, the queues and the state machine."""

from functools import cached_property

from imagebatch.adapters.s3 import S3ObjectStore
from imagebatch.adapters.sqs import SQSDispatchQueue, SQSItemQueue
from imagebatch.adapters.stepfunctions import StepFunctionsFinalizer
from imagebatch.compose.services import Services
from imagebatch.ports.dispatch_queue import DispatchQueue
from imagebatch.ports.finalizer import Finalizer
from imagebatch.ports.item_queue import ItemQueue
from imagebatch.ports.objects import ObjectStore


class Storage(Services):
    @cached_property
    def media(self) -> ObjectStore:
        return S3ObjectStore(self.clients.s3, self.settings.bucket_name)

    def sign(self, key: str, seconds: int, filename: str | None) -> str:
        return self.media.url(key, seconds=seconds, filename=filename)

    @cached_property
    def item_queue(self) -> ItemQueue:
        return SQSItemQueue(self.clients.sqs, self.settings.item_queue_url)

    @cached_property
    def dispatch_queue(self) -> DispatchQueue:
        return SQSDispatchQueue(self.clients.sqs, self.settings.dispatch_queue_url)

    @cached_property
    def finalizer(self) -> Finalizer:
        return StepFunctionsFinalizer(self.clients.stepfunctions, self.settings.state_machine_arn)
