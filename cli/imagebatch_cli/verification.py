"""Checks a ZIP against its provenance.json by recomputing checksums and marks."""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from imagebatch_cli.errors import InvalidInputError
from imagebatch_cli.marks import C2PA, NONE, XMP, mark_of

RECORD = "provenance.json"
REPORTS = {
    *(RECORD, "results.csv", "index.html", "notes.txt", "pages.pdf"),
    *("failed_rows.csv", "failed_rows.json"),
}
REJECTED = "rejected/"
"""Rejected images, which have no record."""
MAX_RECORD_BYTES = 64 * 1024 * 1024
MAX_IMAGE_BYTES = 64 * 1024 * 1024

Entry = dict[str, Any]


@dataclass(frozen=True)
class Finding:
    """A difference; `kind` is altered, missing, unknown, mark or service."""

    file: str
    kind: str
    message: str


@dataclass(frozen=True)
class Verification:
    batch_id: str
    entries: list[Entry]
    marks: dict[str, int]
    unverifiable: int
    findings: list[Finding]

    @property
    def altered(self) -> int:
        return sum(finding.kind in {"altered", "mark"} for finding in self.findings)

    def document(self) -> dict[str, Any]:
        return {
            "batchId": self.batch_id,
            "images": len(self.entries),
            "c2pa": self.marks["c2pa"],
            "markedByUs": self.marks["ours"],
            "markedByProvider": self.marks["theirs"],
            "unmarked": self.marks["none"],
            "altered": self.altered,
            "withoutChecksum": self.unverifiable,
            "findings": [vars(finding) for finding in self.findings],
        }


def verify(path: Path) -> Verification:
    """InvalidInputError for a file that is not a ZIP of imagebatch."""
    try:
        with zipfile.ZipFile(path) as archive:
            record = _record(archive, path)
            return _compared(archive, record)
    except (OSError, zipfile.BadZipFile) as error:
        raise InvalidInputError(f"{path} cannot be read as a ZIP: {error}") from error


def differences_to_service(entries: Iterable[Entry], items: Iterable[Entry]) -> Iterator[Finding]:
    """Return the items for which the service has another image than the ZIP."""
    recorded: dict[str, set[str]] = {}
    for entry in entries:
        recorded.setdefault(str(entry.get("custom_id")), set()).add(str(entry.get("sha256")))
    for item in items:
        ours, custom_id = item.get("sha256"), str(item.get("customId"))
        if ours and ours not in recorded.get(custom_id, set()):
            said = "the service has another image for this item"
            yield Finding(str(item.get("file") or custom_id), "service", said)


def _record(archive: zipfile.ZipFile, path: Path) -> Entry:
    try:
        body = _read(archive, RECORD, MAX_RECORD_BYTES)
        record = json.loads(body)
        _ = [(entry["file"], entry["sha256"]) for entry in record["images"]]
    except KeyError as error:
        raise InvalidInputError(
            f"{path} has no {RECORD} to check",
            hint="Older archives lack it; rebuild this one.",
        ) from error
    except (ValueError, TypeError, RecursionError, zlib.error, zipfile.BadZipFile) as error:
        raise InvalidInputError(f"The {RECORD} of {path} cannot be read") from error
    return dict(record)


def _compared(archive: zipfile.ZipFile, record: Entry) -> Verification:
    names = set(archive.namelist())
    entries: list[Entry] = record["images"]
    marks = {"c2pa": 0, "ours": 0, "theirs": 0, "none": 0}
    findings: list[Finding] = []
    for entry in entries:
        body = _image(archive, str(entry["file"])) if entry["file"] in names else None
        if body is not None:
            marks[_who_marked(mark_of(body), added=bool(entry.get("added")))] += 1
        findings += _differences(entry, body, present=entry["file"] in names)
    findings += _unknown_files(archive, entries)
    unverifiable = sum(entry["sha256"] is None for entry in entries)
    batch = record.get("batch")
    batch_id = str(batch.get("id") or "") if isinstance(batch, dict) else ""
    return Verification(batch_id, entries, marks, unverifiable, findings)


def _unknown_files(archive: zipfile.ZipFile, entries: list[Entry]) -> Iterator[Finding]:
    names = set(archive.namelist())
    recorded = {str(entry["file"]) for entry in entries}
    for name in sorted(names - recorded - REPORTS):
        if not name.startswith(REJECTED) and not name.endswith("/"):
            yield Finding(name, "unknown", "is not in the record")
    if len(archive.namelist()) - len(names) + len(entries) - len(recorded):
        yield Finding(RECORD, "unknown", "a file name occurs more than once")


def _differences(entry: Entry, body: bytes | None, *, present: bool) -> Iterator[Finding]:
    file = str(entry["file"])
    if not present:
        yield Finding(file, "missing", "is not in the ZIP")
    elif body is None:
        yield Finding(file, "altered", "is damaged and cannot be read")
    elif entry["sha256"] not in {None, hashlib.sha256(body).hexdigest()}:
        yield Finding(file, "altered", "does not match its record")
    elif entry.get("mark") not in {None, mark_of(body)}:
        yield Finding(file, "mark", f"is recorded as {entry['mark']}, and has {mark_of(body)}")


def _who_marked(mark: str, *, added: bool) -> str:
    if mark == C2PA:
        return "c2pa"
    if mark == NONE:
        return "none"
    return "ours" if mark == XMP and added else "theirs"


# What zipfile raises for a damaged or encrypted member, or an unknown compression.
UNREADABLE = (zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError)


def _image(archive: zipfile.ZipFile, name: str) -> bytes | None:
    """Return None for a member that cannot be read completely."""
    try:
        return _read(archive, name, MAX_IMAGE_BYTES)
    except (*UNREADABLE, ValueError, OSError):
        return None


def _read(archive: zipfile.ZipFile, name: str, limit: int) -> bytes:
    """KeyError if the file is missing, BadZipFile or zlib's error if it is damaged."""
    if archive.getinfo(name).file_size > limit:
        raise ValueError(f"{name} is too large")
    return archive.read(name)
