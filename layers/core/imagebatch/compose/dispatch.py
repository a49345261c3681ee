"""Dispatching the items of a round."""

from functools import cached_property
from typing import TYPE_CHECKING

from imagebatch.compose.storage import Storage
from imagebatch.compose.table import Table

if TYPE_CHECKING:
    from imagebatch.usecases.dispatch_items import DispatchItems
    from imagebatch.usecases.folders import OpenFolders


class Dispatch(Table, Storage):
    @cached_property
    def open_folders(self) -> "OpenFolders":
        from imagebatch.usecases.folders import OpenFolders

        return OpenFolders(self.library)

    @cached_property
    def dispatch_items(self) -> "DispatchItems":
        from imagebatch.usecases.dispatch_items import DispatchItems

        return DispatchItems(
            self.records,
            self.media,
            self.item_queue,
            self.finalizer,
            self.open_folders,
            self.settings.worker_concurrency,
        )
