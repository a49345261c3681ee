"""The records of uploads."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from imagebatch.intake.uploads import Upload, UploadKind
from imagebatch.ports.page import Page


class UploadStore(Protocol):
    """The records of uploads. Every read is consistent."""

    def create(self, upload: Upload) -> None:
        """Stores a new upload. ConflictError when the id is taken."""
        ...

    def settle(self, upload: Upload) -> None:
        """Writes over an upload that is being checked. ConflictError when it was settled, or is
        gone.
        """
        ...

    def get(self, owner: str, upload_id: str) -> Upload | None: ...

    def get_many(self, owner: str, upload_ids: Sequence[str]) -> Mapping[str, Upload]:
        """Those of them that are this owner's, by id, however many."""
        ...

    def delete(self, owner: str, upload_id: str) -> None:
        """Does nothing where there is none of this owner's."""
        ...

    def owner_of(self, upload_id: str) -> str | None:
        """Whose upload an object belongs to that has arrived in the bucket."""
        ...

    def list_uploads(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        kind: UploadKind | None = None,
        keep: Callable[[Upload], bool] = lambda _: True,
    ) -> Page[Upload]:
        """The owner's uploads, newest first. InvalidRequestError for a cursor that is not ours."""
        ...
