"""Finds items by their custom IDs, for which the table has no index."""

import re
from collections.abc import Mapping, Sequence

from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import decode_manifest
from imagebatch.domain.errors import NotFoundError, UnprocessableError
from imagebatch.domain.item import Item
from imagebatch.ports.objects import ObjectStore
from imagebatch.ports.records import BatchStore
from imagebatch.structs import Struct
from imagebatch.usecases import keys

FEW = 50
"""More than these are found faster by reading all items."""
_FIRST_ROW = 2
_NUMBERED = re.compile(r"(row|item)-([0-9]{4,7})", re.ASCII)


class FindItems(Struct, frozen=True):
    store: BatchStore
    media: ObjectStore

    def one(self, batch: Batch, custom_id: str) -> Item:
        """NotFoundError for an ID that no item of the batch has."""
        found = self._guess(batch, custom_id) or next(iter(self._find(batch, [custom_id])), None)
        if found is None:
            raise NotFoundError("item-not-found", "Item not found", title="Not found")
        return found

    def all(self, batch: Batch, custom_ids: Sequence[str]) -> list[Item]:
        """Return each item once, in the batch's order. UnprocessableError lists unknown IDs."""
        wanted = list(dict.fromkeys(custom_ids))
        found = self._find(batch, wanted)
        known = {item.custom_id for item in found}
        unknown = [custom_id for custom_id in wanted if custom_id not in known]
        if unknown:
            raise UnprocessableError(
                "unknown-items",
                "Unknown items",
                detail=f"The batch has no item {unknown[0][:64]!r}.",
                details=[{"customId": each, "message": "is not in the batch"} for each in unknown],
            )
        return found

    def _guess(self, batch: Batch, custom_id: str) -> Item | None:
        """A default ID suggests its item's index: one read instead of all."""
        match = _NUMBERED.fullmatch(custom_id)
        if match is None:
            return None
        index = int(match[2]) - (_FIRST_ROW if match[1] == "row" else 1)
        found = self.store.get_item(batch.owner, batch.id, index) if index >= 0 else None
        return found if found is not None and found.custom_id == custom_id else None

    def _find(self, batch: Batch, custom_ids: Sequence[str]) -> list[Item]:
        if len(custom_ids) > FEW:
            wanted = set(custom_ids)
            items = self.store.items(batch.owner, batch.id)
            return [item for item in items if item.custom_id in wanted]
        places = self._places(batch)
        indices = sorted(places[each] for each in custom_ids if each in places)
        read = (self.store.get_item(batch.owner, batch.id, index) for index in indices)
        return [item for item in read if item is not None]

    def _places(self, batch: Batch) -> Mapping[str, int]:
        body = self.media.get(keys.plan(batch.id))
        plan = decode_manifest(body).items if body is not None else ()
        return {spec.custom_id: spec.index for spec in plan}
