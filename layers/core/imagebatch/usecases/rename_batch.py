"""Renames a batch."""

from imagebatch.domain.asset_library import folder_name
from imagebatch.domain.batch import Batch
from imagebatch.ports.library import LibraryStore
from imagebatch.structs import Struct, replace
from imagebatch.usecases.records import BatchRepository


class RenameBatch(Struct, frozen=True):
    records: BatchRepository
    library: LibraryStore

    def __call__(self, owner: str, batch_id: str, name: str) -> Batch:
        """Its folders are renamed, too. NotFoundError for an unknown batch."""

        def rename(batch: Batch) -> Batch:
            return batch if batch.name == name else replace(batch, name=name)

        batch = self.records.update(owner, batch_id, rename)
        folder = self.library.folder(owner, batch_id)
        if folder is not None and folder.name != folder_name(batch):
            self.library.open(owner, replace(folder, name=folder_name(batch)))
        return batch
