"""The images of an archive: the chosen ones under their names, the others as alternates."""

from collections.abc import Iterator, Sequence

from imagebatch.domain.batch import Batch
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.images import Image
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import ItemStatus
from imagebatch.ports.archive import StoredMember
from imagebatch.reports.results import alternate_name, member_name, unfit_name
from imagebatch.structs import Struct


class ArchivedImage(Struct, frozen=True):
    """A version of an item, and its file in the archive."""

    item: Item
    version: int
    member: StoredMember


def chosen_images(batch: Batch, items: Sequence[Item]) -> list[ArchivedImage]:
    return [
        ArchivedImage(item, item.chosen_number or 1, _member(member_name(item), item.image))
        for item in items
        if item.image is not None and effective_item_status(batch, item) is ItemStatus.SUCCEEDED
    ]


def alternate_images(items: Sequence[Item]) -> list[ArchivedImage]:
    return [image for item in items for image in _alternates(item)]


def unfit_pictures(items: Sequence[Item]) -> list[StoredMember]:
    """The image that aborted a round, for inspection."""
    return [
        _member(unfit_name(item, item.state.unfit_image.content_type), item.state.unfit_image)
        for item in items
        if item.state.unfit_image is not None
    ]


def _alternates(item: Item) -> Iterator[ArchivedImage]:
    for number, version in enumerate(item.all_versions, start=1):
        if number != item.chosen_number and not version.lost:
            name = alternate_name(item, number, version.file)
            yield ArchivedImage(item, number, _member(name, version.image))


def _member(name: str, image: Image) -> StoredMember:
    return StoredMember(name, image.key, image.size, image.crc32, image.etag)
