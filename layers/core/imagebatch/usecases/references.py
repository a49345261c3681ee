"""Reference images of a batch: the owner's own objects, or public URLs."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor

from imagebatch.domain.uploads import UploadKind
from imagebatch.intake.uploads import unusable_reason
from imagebatch.intake.urls import url_rejection_reason
from imagebatch.ports.library import LibraryStore
from imagebatch.ports.objects import ObjectStore
from imagebatch.ports.records import BatchStore
from imagebatch.ports.uploads import UploadStore
from imagebatch.structs import Struct
from imagebatch.usecases import keys

READS_AT_ONCE = 8
NOT_YOURS = "is not an image of yours"


class References(Struct, frozen=True):
    """Ownership records alone authorize one of our URLs: its signature may have expired, and a
    valid one does not prove ownership of the object.
    """

    media: ObjectStore
    uploads: UploadStore
    library: LibraryStore
    store: BatchStore

    def resolve(
        self, owner: str, urls: Iterable[str]
    ) -> tuple[Mapping[str, str], Mapping[str, str]]:
        """Return the stored reference of each URL (`s3:` and its key, or the URL), and why others
        are rejected.
        """
        kept: dict[str, str] = {}
        refused: dict[str, str] = {}
        ours: dict[str, str] = {}
        for url in dict.fromkeys(urls):
            key = self.media.key_of(url)
            if key is not None:
                ours[url] = key
            elif reason := url_rejection_reason(url):
                refused[url] = reason
            else:
                kept[url] = url
        reasons = self._why_refused(owner, set(ours.values()))
        for url, key in ours.items():
            if reason := reasons.get(key):
                refused[url] = reason
            else:
                kept[url] = keys.S3_PREFIX + key
        return kept, refused

    def _why_refused(self, owner: str, wanted: set[str]) -> dict[str, str]:
        uploads = {key: id_ for key in wanted if (id_ := keys.upload_of(key))}
        places = {key: place for key in wanted if (place := keys.image_place(key))}
        owned = self._owned_images(owner, places)
        others = wanted - uploads.keys() - owned
        return dict.fromkeys(others, NOT_YOURS) | self._unusable_uploads(owner, uploads)

    def _unusable_uploads(self, owner: str, uploads: Mapping[str, str]) -> dict[str, str]:
        found = self.uploads.get_many(owner, list(uploads.values())) if uploads else {}
        return {
            key: reason
            for key, upload_id in uploads.items()
            if (reason := unusable_reason(found.get(upload_id), UploadKind.PRODUCT))
        }

    def _owned_images(self, owner: str, places: Mapping[str, tuple[str, int]]) -> set[str]:
        kept = [place for key, place in places.items() if key.startswith(keys.LIBRARY)]
        library = self.library.get_images(owner, kept) if kept else {}
        owned = {image.key for image in library.values()}
        others = [place for key, place in places.items() if not key.startswith(keys.LIBRARY)]
        with ThreadPoolExecutor(READS_AT_ONCE) as pool:
            items = pool.map(lambda place: self.store.get_item(owner, *place), others)
            owned |= {version.image.key for item in items if item for version in item.all_versions}
        return owned & places.keys()
