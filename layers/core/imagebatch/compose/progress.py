"""ProgressFunction: live progress."""

from functools import cached_property

from imagebatch.compose.erasure import ErasureRecords
from imagebatch.compose.storage import Storage
from imagebatch.usecases.watch_batch import WatchBatch


class ProgressServices(ErasureRecords, Storage):
    @cached_property
    def watch(self) -> WatchBatch:
        return WatchBatch(self.records)
