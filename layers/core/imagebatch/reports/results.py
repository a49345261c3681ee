"""The final result of each item, for the archive's text files."""

from collections.abc import Iterable

from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import BatchManifest
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import ItemStatus
from imagebatch.structs import Struct

ALTERNATES = "alternates"
REJECTED = "rejected"
EXTENSIONS = {"image/png": "png", "image/jpeg": "jpg", "image/webp": "webp"}
NO_REASON = Failure(FailureCode.INTERNAL, "No reason was recorded")


class Result(Struct, frozen=True):
    """An item's result: `cells` as submitted, `file` its image's name in the archive.

    `failure` is set exactly if the status is failed; `file` is empty unless the item succeeded.
    """

    item: Item
    status: ItemStatus
    cells: tuple[str, ...]
    file: str
    failure: Failure | None


def results_of(batch: Batch, plan: BatchManifest, items: Iterable[Item]) -> list[Result]:
    return [_result(batch, plan, item) for item in items]


def _result(batch: Batch, plan: BatchManifest, item: Item) -> Result:
    status = effective_item_status(batch, item)
    file = member_name(item) if status is ItemStatus.SUCCEEDED else ""
    failure = (item.failure or NO_REASON) if status is ItemStatus.FAILED else None
    return Result(item, status, plan.items[item.index].cells, file, failure)


def member_name(item: Item) -> str:
    """Return an image's path in the archive: in a directory per variant, otherwise in none."""
    return f"{item.archive_dir}/{item.file}" if item.archive_dir else str(item.file)


def alternate_name(item: Item, number: int, file: str) -> str:
    """For example alternates/Volvo-XC90-v1.png, in the directory of its variant if it has one."""
    extension = file.rpartition(".")[2]
    folders = (ALTERNATES, item.archive_dir) if item.archive_dir else (ALTERNATES,)
    return "/".join((*folders, f"{item.stem}-v{number}.{extension}"))


def unfit_name(item: Item, content_type: str) -> str:
    """For example rejected/Volvo-XC90.png, in the directory of its variant if it has one."""
    folders = (REJECTED, item.archive_dir) if item.archive_dir else (REJECTED,)
    return "/".join((*folders, f"{item.stem}.{EXTENSIONS.get(content_type, 'bin')}"))
