"""ProgressFunction: live progress as server-sent events."""

from functools import cached_property
from typing import TYPE_CHECKING

from imagebatch.compose.erasure import ErasureRecords
from imagebatch.compose.storage import Storage

if TYPE_CHECKING:
    from imagebatch.usecases.watch_batch import WatchBatch


class ProgressServices(ErasureRecords, Storage):
    @cached_property
    def watch(self) -> "WatchBatch":
        from imagebatch.adapters.dynamodb.watchers import DynamoDBWatcherPlaces
        from imagebatch.usecases.watch_batch import WatchBatch
        from imagebatch.usecases.watcher_places import HoldPlace

        places = DynamoDBWatcherPlaces(*self.table)
        limit = self.settings.watchers_per_owner
        return WatchBatch(self.records, HoldPlace(places, self.clock, limit))
