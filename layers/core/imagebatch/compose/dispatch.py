"""Dispatching the items of a round."""

from functools import cached_property

from imagebatch.compose.storage import Storage
from imagebatch.compose.table import Table
from imagebatch.usecases.dispatch_items import DispatchItems
from imagebatch.usecases.folders import OpenFolders


class Dispatch(Table, Storage):
    @cached_property
    def open_folders(self) -> OpenFolders:
        return OpenFolders(self.library)

    @cached_property
    def dispatch_items(self) -> DispatchItems:
        return DispatchItems(
            self.records,
            self.media,
            self.item_queue,
            self.finalizer,
            self.open_folders,
            self.settings.worker_concurrency,
        )
