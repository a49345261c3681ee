"""Images of variants, kept permanently in the table (layout: `keys`)."""

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import batched, islice
from typing import TYPE_CHECKING

from imagebatch.adapters import codec
from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.listing import cursor_sort, cursor_text
from imagebatch.adapters.dynamodb.readable import Report, decoded, first_decoded, ignore
from imagebatch.adapters.dynamodb.table import ACTIONS_A_TRANSACTION, KEYS_A_READ, Record, Table
from imagebatch.domain.asset_library import Folder, LibraryImage, library_image
from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import ItemStatus
from imagebatch.ports.library import LibraryStore
from imagebatch.ports.page import Page
from imagebatch.structs import replace

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_SORT = re.compile(r"FOLDER#[0-9TZ:.-]{24}#[\w.~%=-]+", re.ASCII)


def library_actions(
    table: Table, batch: Batch, item: Item | None
) -> Iterator["TransactWriteItemTypeDef"]:
    """Return the library writes for a settled item: the chosen version is listed.

    A failed item is removed, because its image may have been lost after it had succeeded.
    """
    if item is None or item.variant_id is None or item.state.settled_at is None:
        return
    image = library_image(batch, item)
    if image is None and item.status is not ItemStatus.FAILED:
        return
    variant, index = keys.library_partition(batch.owner, item.variant_id), item.index

    def listed(made_at: datetime) -> keys.Key:
        return variant, keys.library_image_sort(made_at, batch.id, index)

    made_at = item.state.settled_at
    for key in (keys.folder_image(batch.owner, batch.id, index), listed(made_at)):
        yield table.delete(key) if image is None else table.put(key, codec.encode(image))
    others = {version.created_at for version in item.versions} - {made_at}
    yield from (table.delete(listed(at)) for at in others if at)


class DynamoDBLibraryStore(LibraryStore):
    """`ports.LibraryStore`."""

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

    def open(self, owner: str, folder: Folder) -> None:
        """The batch's own record is written last: if it exists, all of them do."""
        puts = [self._variant_folder(owner, folder, at) for at in range(len(folder.variants))]
        puts.append(self._table.put(keys.folder(owner, folder.batch_id), codec.encode(folder)))
        for group in batched(puts, ACTIONS_A_TRANSACTION, strict=False):
            self._table.transact(group)

    def folder(self, owner: str, batch_id: str) -> Folder | None:
        record = self._table.get(keys.folder(owner, batch_id))
        return codec.decode(Folder, record) if record else None

    def folders_of(
        self, owner: str, variant_id: int, *, limit: int, cursor: str | None = None
    ) -> Page[Folder]:
        after = cursor_sort(owner, cursor, _SORT) if cursor else None
        partition = keys.library_partition(owner, variant_id)
        high = after or "FOLDER#~"
        records = self._table.query(
            partition, "FOLDER#", high, newest_first=True, limit=limit + (2 if after else 1)
        )
        found = list(islice((r for r in records if r["sk"] != after), limit + 1))
        folders = decoded(Folder, found[:limit], self._report)
        more = len(found) > limit
        return Page(folders, cursor_text(owner, found[limit - 1]["sk"]) if more else None)

    def images_of(self, owner: str, variant_id: int, limit: int) -> Sequence[LibraryImage]:
        partition = keys.library_partition(owner, variant_id)

        def query(limit: int | None) -> Iterator[Record]:
            return self._table.query(partition, "IMAGE#", "IMAGE#~", newest_first=True, limit=limit)

        return first_decoded(LibraryImage, query, limit, self._report)

    def images_in(
        self, owner: str, batch_id: str, *, first: int, last: int, limit: int
    ) -> Sequence[LibraryImage]:
        if first > last:
            return []
        partition, low = keys.folder_image(owner, batch_id, first)
        _, high = keys.folder_image(owner, batch_id, min(last, keys.LAST_ITEM))

        def query(limit: int | None) -> Iterator[Record]:
            return self._table.query(partition, low, high, limit=limit)

        return first_decoded(LibraryImage, query, limit, self._report)

    def remove_image(self, owner: str, batch_id: str, index: int) -> None:
        place = keys.folder_image(owner, batch_id, index)
        found = self._table.get(place)
        if found is None:
            return
        image = codec.decode(LibraryImage, found)
        partition = keys.library_partition(owner, image.variant_id)
        sort = keys.library_image_sort(image.created_at, batch_id, index)
        self._table.transact([self._table.delete((partition, sort)), self._table.delete(place)])

    def get_images(
        self, owner: str, places: Sequence[tuple[str, int]]
    ) -> Mapping[tuple[str, int], LibraryImage]:
        wanted = [keys.folder_image(owner, *place) for place in dict.fromkeys(places)]
        found: dict[tuple[str, int], LibraryImage] = {}
        for group in batched(wanted, KEYS_A_READ, strict=False):
            records = self._table.get_many(group).values()
            for image in decoded(LibraryImage, records, self._report):
                found[image.batch_id, image.index] = image
        return found

    def _variant_folder(self, owner: str, folder: Folder, at: int) -> "TransactWriteItemTypeDef":
        variant = folder.variants[at]
        record: Record = codec.encode(replace(folder, variants=(variant,)))
        partition = keys.library_partition(owner, variant.variant_id)
        sort = keys.library_folder_sort(folder.created_at, folder.batch_id)
        return self._table.put((partition, sort), record)
