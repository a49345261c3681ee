"""Uploads in the table (layout: `keys`): the record in its owner's list, and a pointer by id."""

import math
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import batched, islice
from typing import TYPE_CHECKING

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.listing import cursor_sort, cursor_text
from imagebatch.adapters.dynamodb.readable import Report, decoded, ignore, readable
from imagebatch.adapters.dynamodb.table import KEYS_A_READ, NEW, Condition, Record, Table
from imagebatch.domain.uploads import Upload, UploadKind, UploadStatus
from imagebatch.ports.page import Page
from imagebatch.ports.uploads import UploadStore

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_SORT = re.compile(r"UPLOAD#[0-9TZ:.-]{24}#[\w.~%=-]+", re.ASCII)
_CHECKING = Condition("#status = :status", ("status",), {"status": UploadStatus.CHECKING.value})


class DynamoDBUploadStore(UploadStore):
    """`ports.UploadStore`. Ready uploads are kept permanently; the rest is removed by TTL."""

    def __init__(
        self,
        client: "DynamoDBClient",
        table: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
        report: Report = ignore,
    ) -> None:
        self._table = Table(client, table, sleep=sleep)
        self._report = report

    def create(self, upload: Upload) -> None:
        self._table.transact(
            [
                self._table.put(keys.upload_owner(upload.id), _pointer(upload), NEW),
                self._table.put(_key(upload), _record(upload), NEW),
            ]
        )

    def settle(self, upload: Upload) -> None:
        self._table.transact(
            [
                self._table.put(keys.upload_owner(upload.id), _pointer(upload)),
                self._table.put(_key(upload), _record(upload), _CHECKING),
            ]
        )

    def delete(self, owner: str, upload_id: str) -> None:
        at = keys.upload_owner(upload_id)
        pointer = self._table.get(at)
        if pointer is not None and pointer["owner"] == owner:
            self._table.transact([self._table.delete(_place(pointer)), self._table.delete(at)])

    def get(self, owner: str, upload_id: str) -> Upload | None:
        pointer = self._table.get(keys.upload_owner(upload_id))
        if pointer is None or pointer["owner"] != owner:
            return None
        record = self._table.get(_place(pointer))
        return codec.decode(Upload, record) if record else None

    def get_many(self, owner: str, upload_ids: Sequence[str]) -> Mapping[str, Upload]:
        wanted = [keys.upload_owner(id_) for id_ in dict.fromkeys(upload_ids)]
        pointers = readable(self._read(wanted), _owned_place, self._report, _name_of)
        places = [place for _, (of, place) in pointers if of == owner]
        uploads = decoded(Upload, self._read(places), self._report)
        return {upload.id: upload for upload in uploads}

    def owner_of(self, upload_id: str) -> str | None:
        pointer = self._table.get(keys.upload_owner(upload_id))
        return str(pointer["owner"]) if pointer else None

    def list_uploads(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        kind: UploadKind | None = None,
        keep: Callable[[Upload], bool] = lambda _: True,
    ) -> Page[Upload]:
        after = cursor_sort(owner, cursor, _SORT) if cursor else None
        rows = self._rows(owner, after, limit + 1)
        wanted = ((sort, u) for sort, u in rows if kind in (None, u.kind) and keep(u))
        found = list(islice(wanted, limit + 1))
        more = len(found) > limit
        text = cursor_text(owner, found[limit - 1][0]) if more else None
        return Page([upload for _, upload in found[:limit]], text)

    def _rows(self, owner: str, after: str | None, size: int) -> Iterator[tuple[str, Upload]]:
        """Each upload with its sort key, `size` records per read."""
        partition, more = keys.uploads_partition(owner), True
        while more:
            high = after or "UPLOAD#~"
            chunk = list(
                self._table.query(partition, "UPLOAD#", high, newest_first=True, limit=size)
            )
            new = (record for record in chunk if record["sk"] != after)
            for record, upload in readable(new, _upload, self._report):
                yield record["sk"], upload
            more = len(chunk) == size
            after = chunk[-1]["sk"] if chunk else after

    def _read(self, wanted: Sequence[keys.Key]) -> Iterator[Record]:
        for chunk in batched(wanted, KEYS_A_READ, strict=False):
            yield from self._table.get_many(chunk).values()


def _upload(record: Record) -> Upload:
    return codec.decode(Upload, record)


def _key(upload: Upload) -> keys.Key:
    at = keys.time_sort(upload.created_at)
    return keys.uploads_partition(upload.owner), keys.upload_sort(at, upload.id)


def _pointer(upload: Upload) -> Record:
    at = keys.time_sort(upload.created_at)
    return {"uploadId": upload.id, "owner": upload.owner, "at": at, **_ttl(upload)}


def _place(pointer: Record) -> keys.Key:
    sort = keys.upload_sort(pointer["at"], pointer["uploadId"])
    return keys.uploads_partition(pointer["owner"]), sort


def _owned_place(pointer: Record) -> tuple[str, keys.Key]:
    return pointer["owner"], _place(pointer)


def _name_of(pointer: Record) -> str:
    return str(pointer["pk"])


def _record(upload: Upload) -> Record:
    return codec.encode(upload) | _ttl(upload)


def _ttl(upload: Upload) -> Record:
    until = upload.kept_until
    return {} if until is None else {"ttl": math.ceil(until.timestamp())}
