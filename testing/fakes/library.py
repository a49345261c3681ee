from collections.abc import Mapping, Sequence
from copy import replace
from threading import Lock

from imagebatch.domain.asset_library import Folder, LibraryImage, library_image
from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import ItemStatus
from imagebatch.ports.library import LibraryStore
from imagebatch.ports.page import Page
from testing.fakes.faults import Faults, faulty


class InMemoryLibraryStore(Faults, LibraryStore):
    """`images` and `folders` hold the stored records; an InMemoryBatchStore writes the images."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self.folders: dict[tuple[str, str], Folder] = {}
        self.images: dict[tuple[str, str, int], LibraryImage] = {}

    def settled(self, batch: Batch, item: Item) -> None:
        at = batch.owner, batch.id, item.index
        image = library_image(batch, item)
        with self._lock:
            if image is not None:
                self.images[at] = image
            elif item.status is ItemStatus.FAILED:
                self.images.pop(at, None)

    @faulty
    def open(self, owner: str, folder: Folder) -> None:
        with self._lock:
            self.folders[owner, folder.batch_id] = folder

    @faulty
    def folder(self, owner: str, batch_id: str) -> Folder | None:
        return self.folders.get((owner, batch_id))

    @faulty
    def folders_of(
        self, owner: str, variant_id: int, *, limit: int, cursor: str | None = None
    ) -> Page[Folder]:
        mine = [folder for (of, _), folder in self.folders.items() if of == owner]
        own = [replace(f, variants=(v,)) for f in mine if (v := f.of(variant_id))]
        newest = sorted(own, key=lambda each: (each.created_at, each.batch_id), reverse=True)
        names = [f"{owner}/{each.batch_id}" for each in newest]
        if cursor is not None and cursor not in names:
            raise InvalidRequestError("invalid-cursor", "Invalid cursor")
        start = names.index(cursor) + 1 if cursor else 0
        found = newest[start:]
        more = len(found) > limit
        return Page(found[:limit], f"{owner}/{found[limit - 1].batch_id}" if more else None)

    @faulty
    def images_of(self, owner: str, variant_id: int, limit: int) -> Sequence[LibraryImage]:
        own = [i for at, i in self.images.items() if at[0] == owner and i.variant_id == variant_id]
        own.sort(key=lambda each: (each.created_at, each.batch_id, each.index), reverse=True)
        return own[:limit]

    @faulty
    def images_in(
        self, owner: str, batch_id: str, *, first: int, last: int, limit: int
    ) -> Sequence[LibraryImage]:
        places = sorted(at for at in self.images if at[:2] == (owner, batch_id))
        return [self.images[at] for at in places if first <= at[2] <= last][:limit]

    @faulty
    def remove_image(self, owner: str, batch_id: str, index: int) -> None:
        with self._lock:
            self.images.pop((owner, batch_id, index), None)

    @faulty
    def get_images(
        self, owner: str, places: Sequence[tuple[str, int]]
    ) -> Mapping[tuple[str, int], LibraryImage]:
        return {at: self.images[owner, *at] for at in places if (owner, *at) in self.images}
