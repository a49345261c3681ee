"""Chooses the image of an item that counts."""

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import InvalidRequestError, UnprocessableError
from imagebatch.domain.item import Item
from imagebatch.domain.rounds import check_retained
from imagebatch.domain.versions import choose
from imagebatch.ports.objects import ObjectStore
from imagebatch.structs import Struct
from imagebatch.usecases.find_items import FindItems
from imagebatch.usecases.records import BatchRepository


class ChooseVersion(Struct, frozen=True):
    records: BatchRepository
    find: FindItems
    media: ObjectStore

    def __call__(
        self, owner: str, batch_id: str, custom_id: str, number: int
    ) -> tuple[Batch, Item]:
        """No effect if the version is already chosen. The archive is rebuilt only on request.

        NotFoundError, UnprocessableError for an unknown version, GoneError after the retention
        has ended.
        """
        batch = self.records.batch(owner, batch_id)
        check_retained(batch, self.records.clock.now())
        item = self.find.one(batch, custom_id)
        self._check(item, number)

        def move(batch: Batch, item: Item) -> tuple[Batch, Item]:
            self._check_kept(item, number)
            return choose(batch, item, number)

        return self.records.update_item(batch, item, move)

    def _check(self, item: Item, number: int) -> None:
        self._check_kept(item, number)
        if self.media.head(item.all_versions[number - 1].image.key) is None:
            raise _gone(number)

    def _check_kept(self, item: Item, number: int) -> None:
        versions = item.all_versions
        if not 1 <= number <= len(versions):
            count = f"The item has {len(versions)} versions" if versions else "It has no image yet"
            raise UnprocessableError(
                "unknown-version",
                "Unknown version",
                detail=f"{count}; there is no version {number}.",
            )
        if versions[number - 1].lost:
            raise _gone(number)


def _gone(number: int) -> InvalidRequestError:
    return UnprocessableError(
        "version-gone",
        "Version is gone",
        detail=f"The image of version {number} has been deleted. Choose another version.",
    )
