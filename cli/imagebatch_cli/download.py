"""Download an archive: as a whole or not at all."""

import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO, TypeAlias

import httpx

from imagebatch_cli.api import Api
from imagebatch_cli.errors import InvalidInputError, UnreachableError
from imagebatch_cli.retries import attempts
from imagebatch_cli.transport import TIMEOUT

TRIES = 4
STDOUT = "-"

Moved: TypeAlias = Callable[[int, int | None], None]
"""Called with the number of bytes received and the total."""


@dataclass(frozen=True)
class Archive:
    file: str
    size: int
    entries: int


class _BrokenError(Exception):
    """This attempt delivered no complete archive; a new URL may."""


@dataclass(frozen=True)
class Target:
    """Where an archive is written. `-` is standard output."""

    name: str

    @property
    def is_stdout(self) -> bool:
        return self.name == STDOUT

    def check(self, *, force: bool) -> None:
        """Fail before anything is submitted if the file could not be written at the end."""
        if self.is_stdout:
            if sys.stdout.isatty():
                raise InvalidInputError(
                    "Cannot write a ZIP to a terminal; pass a file name with -o."
                )
            return
        path = Path(self.name)
        if path.is_dir():
            raise InvalidInputError(f"{path} is a directory; pass a file name with -o.")
        if path.exists() and not force:
            raise InvalidInputError(f"{path} already exists", hint="Overwrite it with --force.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInputError(f"{path.parent} cannot be created: {error.strerror}") from error
        if not os.access(path.parent, os.W_OK):
            raise InvalidInputError(f"{path.parent} cannot be written to.")

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open a file to write, and move it into place only if the block succeeds."""
        if self.is_stdout:
            with TemporaryFile() as file:
                yield file
                file.seek(0)
                shutil.copyfileobj(file, sys.stdout.buffer)
                sys.stdout.buffer.flush()
            return
        part = Path(f"{self.name}.part")
        try:
            with part.open("w+b") as file:
                yield file
            part.replace(self.name)
        finally:
            part.unlink(missing_ok=True)


def download(api: Api, batch_id: str, target: Target, moved: Moved) -> Archive:
    """Each try restarts with a new URL. ProblemError with the service's status 409 or 410."""
    for _ in attempts(TRIES):
        url = api.archive_url(batch_id)
        try:
            with target.open() as file:
                _fetch(url, file, moved)
                return Archive(target.name, file.seek(0, os.SEEK_END), _entries(file))
        except (_BrokenError, httpx.TransportError) as error:
            reason = str(error) or type(error).__name__
        except OSError as error:
            raise InvalidInputError(f"{target.name} cannot be written: {error.strerror}") from error
    raise UnreachableError(f"The archive could not be downloaded: {reason}")


def _fetch(url: str, file: BinaryIO, moved: Moved) -> None:
    """A presigned URL is its own credential: no token is sent with it."""
    whole = {"Accept-Encoding": "identity"}
    with httpx.stream(
        "GET", url, headers=whole, follow_redirects=True, timeout=TIMEOUT
    ) as response:
        if response.status_code != httpx.codes.OK:
            raise _BrokenError(f"the storage returned {response.status_code}")
        length = response.headers.get("Content-Length", "")
        size = int(length) if length.isdigit() else None
        for chunk in response.iter_raw(256 * 1024):
            file.write(chunk)
            moved(file.tell(), size)
        if size is not None and file.tell() != size:
            raise _BrokenError(f"{file.tell()} of {size} bytes arrived")


def _entries(file: BinaryIO) -> int:
    try:
        with zipfile.ZipFile(file) as archive:
            return len(archive.infolist())
    except zipfile.BadZipFile as error:
        raise _BrokenError(f"it is not a ZIP ({error})") from error
