"""Objects by key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class StoredObject:
    key: str
    size: int
    etag: str
    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PostForm:
    """Where a browser posts a file to, and the fields it sends before the file."""

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
        """Deletes every object whose key starts with `prefix`. False when it was not kept going to
        the end.
        """
        ...

    def delete_files(self, folder: str) -> None:
        """Deletes what lies directly in the folder, and nothing of the folders in it."""
        ...

    def url(self, key: str, *, seconds: int, filename: str | None = None) -> str:
        """A presigned GET; `filename` is what a browser saves it as, shown inline without."""
        ...

    def key_of(self, url: str) -> str | None:
        """The key a URL of `url` names, expired or not; None for an address that is not ours."""
        ...

    def post_form(self, key: str, *, content_type: str, largest: int, seconds: int) -> PostForm:
        """A presigned POST of this one key; the store itself refuses another type, and more than
        `largest` bytes or none.
        """
        ...
