"""Fetching an archive: whole or not at all."""

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
"""Told how many bytes are there, of how many."""


@dataclass(frozen=True)
class Archive:
    file: str
    size: int
    entries: int


class _BrokenError(Exception):
    """This try brought no whole archive; a fresh URL may."""


@dataclass(frozen=True)
class Target:
    """Where an archive goes. `-` is the standard output."""

    name: str

    @property
    def is_stdout(self) -> bool:
        return self.name == STDOUT

    def check(self, *, force: bool) -> None:
        """Refuses what could not be written at the end, before anything is submitted."""
        if self.is_stdout:
            if sys.stdout.isatty():
                raise InvalidInputError("A ZIP is not written to a terminal; give -o a file name.")
            return
        path = Path(self.name)
        if path.is_dir():
            raise InvalidInputError(f"{path} is a directory; give -o a file name.")
        if path.exists() and not force:
            raise InvalidInputError(f"{path} exists already", hint="Overwrite it with --force.")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidInputError(f"{path.parent} cannot be made: {error.strerror}") from error
        if not os.access(path.parent, os.W_OK):
            raise InvalidInputError(f"{path.parent} cannot be written to.")

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """A file to fill, put in its place only when the block ends well."""
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
    """Each try starts anew with a fresh URL. ProblemError 409 and 410 as the service says."""
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
    raise UnreachableError(f"The archive could not be fetched: {reason}")


def _fetch(url: str, file: BinaryIO, moved: Moved) -> None:
    """A presigned URL is its own permission: no token goes with it."""
    whole = {"Accept-Encoding": "identity"}
    with httpx.stream(
        "GET", url, headers=whole, follow_redirects=True, timeout=TIMEOUT
    ) as response:
        if response.status_code != httpx.codes.OK:
            raise _BrokenError(f"the storage answered {response.status_code}")
        told = response.headers.get("Content-Length", "")
        size = int(told) if told.isdigit() else None
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
