"""Objects by key."""

from collections.abc import Callable, Mapping
from typing import Protocol

from imagebatch.structs import Struct, field


class StoredObject(Struct, frozen=True):
    key: str
    size: int
    etag: str
    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


class PostForm(Struct, frozen=True):
    """The URL to which a browser posts a file, and the fields to send before the file."""

    url: str
    fields: Mapping[str, str]


class ObjectStore(Protocol):
    """Objects by key. Failures of the store itself raise UnavailableError."""

    def put(
        self,
        key: str,
        body: bytes,
        content_type: str,
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredObject: ...

    def put_if_absent(self, key: str, body: bytes, content_type: str) -> bool:
        """False, and nothing is stored, when there is an object with this key."""
        ...

    def get(self, key: str) -> bytes | None: ...

    def head(self, key: str) -> StoredObject | None: ...

    def copy(self, source: str, target: str) -> None:
        """FileNotFoundError when there is no `source`."""
        ...

    def delete(self, key: str) -> None: ...

    def delete_folder(self, prefix: str, keep_going: Callable[[], bool] = lambda: True) -> bool:
        """Delete every object whose key starts with `prefix`.

        False if it was stopped before the end.
        """
        ...

    def delete_files(self, folder: str) -> None:
        """Delete the objects directly in the folder, not those in its subfolders."""
        ...

    def url(self, key: str, *, seconds: int, filename: str | None = None) -> str:
        """Return a presigned GET; `filename` is the name for saving; without it, shown inline."""
        ...

    def key_of(self, url: str) -> str | None:
        """Return the key of a URL from `url`, expired or not; None for any other URL."""
        ...

    def post_form(self, key: str, *, content_type: str, largest: int, seconds: int) -> PostForm:
        """Return a presigned POST for this key; the store itself rejects another type, an empty
        body, and more than `largest` bytes.
        """
        ...
