from collections.abc import Callable, Mapping, Sequence
from threading import Lock

from imagebatch.domain.errors import ConflictError, InvalidRequestError
from imagebatch.domain.uploads import Upload, UploadKind, UploadStatus
from imagebatch.ports.page import Page
from imagebatch.ports.uploads import UploadStore
from testing.fakes.faults import Faults, faulty


class InMemoryUploadStore(Faults, UploadStore):
    """`uploads` holds the stored records, by ID."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self.uploads: dict[str, Upload] = {}

    @faulty
    def create(self, upload: Upload) -> None:
        with self._lock:
            if upload.id in self.uploads:
                raise ConflictError("the id is taken")
            self.uploads[upload.id] = upload

    @faulty
    def settle(self, upload: Upload) -> None:
        with self._lock:
            found = self.uploads.get(upload.id)
            if found is None or found.status is not UploadStatus.CHECKING:
                raise ConflictError("the upload was settled")
            self.uploads[upload.id] = upload

    @faulty
    def delete(self, owner: str, upload_id: str) -> None:
        with self._lock:
            if upload_id in self._of(owner):
                del self.uploads[upload_id]

    @faulty
    def get(self, owner: str, upload_id: str) -> Upload | None:
        return self._of(owner).get(upload_id)

    @faulty
    def get_many(self, owner: str, upload_ids: Sequence[str]) -> Mapping[str, Upload]:
        mine = self._of(owner)
        return {id_: mine[id_] for id_ in upload_ids if id_ in mine}

    @faulty
    def owner_of(self, upload_id: str) -> str | None:
        found = self.uploads.get(upload_id)
        return found.owner if found else None

    @faulty
    def list_uploads(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        kind: UploadKind | None = None,
        keep: Callable[[Upload], bool] = lambda _: True,
    ) -> Page[Upload]:
        newest = sorted(
            self._of(owner).values(), key=lambda each: (each.created_at, each.id), reverse=True
        )
        names = [f"{owner}/{each.id}" for each in newest]
        if cursor is not None and cursor not in names:
            raise InvalidRequestError("invalid-cursor", "Invalid cursor")
        start = names.index(cursor) + 1 if cursor else 0
        found = [each for each in newest[start:] if kind in (None, each.kind) and keep(each)]
        more = len(found) > limit
        return Page(found[:limit], f"{owner}/{found[limit - 1].id}" if more else None)

    def _of(self, owner: str) -> dict[str, Upload]:
        return {id_: each for id_, each in self.uploads.items() if each.owner == owner}
