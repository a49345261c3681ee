"""The records of uploads."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from imagebatch.domain.uploads import Upload, UploadKind
from imagebatch.ports.page import Page


class UploadStore(Protocol):
    """The records of uploads. Every read is consistent."""

    def create(self, upload: Upload) -> None:
        """Store a new upload. ConflictError if the ID is in use."""
        ...

    def settle(self, upload: Upload) -> None:
        """Replace an upload that is being validated. ConflictError if it was settled, or is
        gone.
        """
        ...

    def get(self, owner: str, upload_id: str) -> Upload | None: ...

    def get_many(self, owner: str, upload_ids: Sequence[str]) -> Mapping[str, Upload]:
        """Return those that belong to this owner, by ID, however many."""
        ...

    def delete(self, owner: str, upload_id: str) -> None:
        """No effect if this owner has none."""
        ...

    def owner_of(self, upload_id: str) -> str | None:
        """Return the owner of the upload to which an object in the bucket belongs."""
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
        """The owner's uploads, newest first. InvalidRequestError for an invalid cursor."""
        ...
