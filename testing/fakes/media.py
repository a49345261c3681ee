import hashlib
from collections.abc import Callable, Mapping
from copy import replace
from urllib.parse import quote, unquote, urlencode, urlsplit

from imagebatch.ports.objects import ObjectStore, PostForm, StoredObject
from testing.fakes.faults import Faults, faulty


class InMemoryObjectStore(Faults, ObjectStore):
    """`objects` and `bodies` hold the stored objects, by key."""

    def __init__(self) -> None:
        super().__init__()
        self.objects: dict[str, StoredObject] = {}
        self.bodies: dict[str, bytes] = {}

    @faulty
    def put(
        self,
        key: str,
        body: bytes,
        content_type: str,
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredObject:
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"'
        stored = StoredObject(key, len(body), etag, content_type, dict(metadata or {}))
        self.objects[key], self.bodies[key] = stored, body
        return stored

    @faulty
    def put_if_absent(self, key: str, body: bytes, content_type: str) -> bool:
        if key in self.objects:
            return False
        self.put(key, body, content_type)
        return True

    @faulty
    def get(self, key: str) -> bytes | None:
        return self.bodies.get(key)

    @faulty
    def head(self, key: str) -> StoredObject | None:
        return self.objects.get(key)

    @faulty
    def copy(self, source: str, target: str) -> None:
        if source not in self.objects:
            raise FileNotFoundError(source)
        self.objects[target] = replace(self.objects[source], key=target)
        self.bodies[target] = self.bodies[source]

    @faulty
    def delete(self, key: str) -> None:
        self.objects.pop(key, None)
        self.bodies.pop(key, None)

    @faulty
    def delete_folder(self, prefix: str, keep_going: Callable[[], bool] = lambda: True) -> bool:
        for key in [key for key in self.objects if key.startswith(prefix)]:
            if not keep_going():
                return False
            self.delete(key)
        return True

    @faulty
    def delete_files(self, folder: str) -> None:
        for key in [k for k in self.objects if "/" not in k.removeprefix(folder)]:
            if key.startswith(folder):
                self.delete(key)

    @faulty
    def url(self, key: str, *, seconds: int, filename: str | None = None) -> str:
        query = {"expires": seconds} | ({} if filename is None else {"filename": filename})
        return f"https://media.test/{quote(key)}?{urlencode(query)}"

    @faulty
    def post_form(self, key: str, *, content_type: str, largest: int, seconds: int) -> PostForm:
        fields = {"key": key, "Content-Type": content_type, "most": str(largest)}
        return PostForm(f"https://media.test/?expires={seconds}", fields)

    @faulty
    def key_of(self, url: str) -> str | None:
        try:
            parts = urlsplit(url)
        except ValueError:
            return None
        ours = (parts.scheme, parts.netloc) == ("https", "media.test")
        return unquote(parts.path).removeprefix("/") if ours else None
