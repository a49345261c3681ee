"""Mirrors a batch into a folder: each image as soon as it is generated, verified, only once."""

import json
import time
import zlib
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from httpx_sse import EventSource, SSEError

from imagebatch_cli.api import Api
from imagebatch_cli.errors import InvalidInputError, UnreachableError
from imagebatch_cli.retries import attempts
from imagebatch_cli.sheet import Document
from imagebatch_cli.transport import TIMEOUT
from imagebatch_cli.watch import ENDED, is_finished

PAGE = 100
DOWNLOADS_AT_ONCE = 6
TRIES = 4
CHUNK = 256 * 1024
PAUSE_SECONDS = 1.0
MARK = ".imagebatch"
"""The file that records a folder's batch."""


@dataclass
class Synced:
    """`fetched` were downloaded, `kept` were already there."""

    fetched: set[str] = field(default_factory=set)
    kept: set[str] = field(default_factory=set)


class _BrokenError(Exception):
    """This attempt delivered no complete image; a new URL may."""


class Folder:
    """The folder for the images. A file is put into place verified and complete, or not at all."""

    def __init__(self, path: Path, batch_id: str) -> None:
        self.path = path
        self._batch_id = batch_id
        self._checked: dict[str, str] = {}

    def claim(self) -> None:
        """InvalidInputError for a folder of another batch, or one that cannot be written to."""
        mark = self.path / MARK
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            found = mark.read_text().strip() if mark.exists() else ""
            if not found:
                mark.write_text(self._batch_id + "\n")
        except OSError as error:
            raise InvalidInputError(f"{self.path} cannot be used: {error.strerror}") from error
        if found not in {"", self._batch_id}:
            raise InvalidInputError(
                f"{self.path} holds the images of batch {found}", hint="Choose another folder."
            )

    def place(self, item: Document) -> Path:
        """Use only the file name that the service returns."""
        return self.path / Path(str(item["file"])).name

    def has(self, item: Document) -> bool:
        path = self.place(item)
        if not path.is_file() or path.stat().st_size != item["size"]:
            return False
        if path.name not in self._checked:
            self._checked[path.name] = _crc32(path)
        return self._checked[path.name] == item["crc32"]

    def put(self, part: Path, item: Document) -> None:
        part.replace(self.place(item))
        self._checked[self.place(item).name] = str(item["crc32"])


def _crc32(path: Path) -> str:
    total = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            total = zlib.crc32(chunk, total)
    return f"{total:08x}"


@dataclass
class Sync:
    """`tell` is called with each downloaded file."""

    api: Api
    batch_id: str
    folder: Folder
    tell: Callable[[str], None]
    done: Synced = field(default_factory=Synced)

    def run(self) -> Document:
        """Run until the batch has ended and the folder has all of its images; return the final
        status.
        """
        self.folder.claim()
        with httpx.Client(timeout=TIMEOUT, follow_redirects=True) as storage:
            self._storage = storage
            while True:
                status = self.api.status(self.batch_id)
                self._fetch_all()  # after the status: complete for what had ended by then
                if is_finished(status):
                    return status
                for changed in self._changes():
                    if changed is None:
                        self._fetch_all()
                    else:
                        self._fetch_some(changed)
                time.sleep(PAUSE_SECONDS)

    def follow(self, pause: float) -> Iterator[Document]:
        """Run forever: yield after each round, choice or rebuild that changed something."""
        seen: Document = {}
        while True:
            status = self.run()
            if status != seen:
                seen = status
                yield status
            while _is_same(self.api.status(self.batch_id), seen):
                time.sleep(pause)

    def _changes(self) -> Iterator[Collection[int] | None]:
        """Yield the changed items, response by response; None if any may have changed."""
        last_id, pause = "", PAUSE_SECONDS
        while True:
            changed: set[int] = set()
            try:
                with self.api.events(self.batch_id, last_id) as response:
                    if response.status_code != httpx.codes.OK:
                        return
                    for event in EventSource(response).iter_sse():
                        last_id = event.id or last_id
                        if event.retry is not None:
                            pause = min(event.retry / 1000, PAUSE_SECONDS)
                        if event.event == "item":
                            changed.add(int(json.loads(event.data)["index"]))
                        if event.event in ENDED:
                            return
            except (httpx.TransportError, UnreachableError, SSEError, ValueError):
                yield None
            yield changed
            time.sleep(pause)

    def _fetch_all(self) -> None:
        start = 0
        while items := self.api.items_from(self.batch_id, start, PAGE):
            self._fetch_items(items)
            start = int(items[-1]["index"]) + 1
            if len(items) < PAGE:
                return

    def _fetch_some(self, indices: Collection[int]) -> None:
        """Request neighbours together."""
        wanted = sorted(indices)
        while wanted:
            start = wanted[0]
            span = [index for index in wanted if index < start + PAGE]
            items = self.api.items_from(self.batch_id, start, span[-1] - start + 1)
            self._fetch_items([item for item in items if item["index"] in span])
            wanted = wanted[len(span) :]

    def _fetch_items(self, items: Collection[Document]) -> None:
        made = [item for item in items if item["url"] and item["file"]]
        with ThreadPoolExecutor(DOWNLOADS_AT_ONCE) as pool:
            for name, fetched in pool.map(self._fetch, made):
                if fetched:
                    self.done.fetched.add(name)
                    self.tell(name)
                elif name not in self.done.fetched:
                    self.done.kept.add(name)

    def _fetch(self, item: Document) -> tuple[str, bool]:
        name = self.folder.place(item).name
        for tries in attempts(TRIES):
            if tries:
                item = self.api.item(self.batch_id, str(item["customId"]))
            if self.folder.has(item):
                return name, False
            try:
                self._download(item)
            except (_BrokenError, httpx.TransportError) as error:
                reason = str(error) or type(error).__name__
            else:
                return name, True
        raise UnreachableError(f"{name} could not be downloaded: {reason}")

    def _download(self, item: Document) -> None:
        """A presigned URL is its own credential: no token is sent with it."""
        place = self.folder.place(item)
        part = place.with_name(f"{place.name}.part")
        total = 0
        try:
            with self._storage.stream("GET", str(item["url"])) as response, part.open("wb") as file:
                if response.status_code != httpx.codes.OK:
                    raise _BrokenError(f"the storage returned {response.status_code}")
                for chunk in response.iter_raw(CHUNK):
                    file.write(chunk)
                    total = zlib.crc32(chunk, total)
            if f"{total:08x}" != item["crc32"]:
                raise _BrokenError("it does not match the service's record (CRC-32)")
            self.folder.put(part, item)
        except OSError as error:
            raise InvalidInputError(f"{place} cannot be written: {error.strerror}") from error
        finally:
            part.unlink(missing_ok=True)


def _is_same(status: Document, seen: Document) -> bool:
    """Whether the images can be unchanged: no new round and no choice since."""
    parts = ("round", "status", "done", "failed", "cancelled", "archive")
    return all(status.get(name) == seen.get(name) for name in parts)
