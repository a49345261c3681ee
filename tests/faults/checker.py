"""Whether a finished batch is what it should be, from what was recorded alone: the table, the
bucket, the archive, and the provider's own count of creates.
"""

import io
import json
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from imagebatch.adapters.dynamodb import DynamoDBBatchStore
from imagebatch.domain.batch import Batch
from imagebatch.domain.effective_status import effective_item_status
from imagebatch.domain.errors import FailureCode
from imagebatch.domain.item import Item
from imagebatch.domain.statuses import FINISHED, SETTLED, ItemStatus
from imagebatch.ports.records import Change, ItemChange
from testing.fake_providers import FakeProviders

TEXTS = {
    "failed_rows.json",
    "failed_rows.csv",
    "index.html",
    "notes.txt",
    "provenance.json",
    "results.csv",
}


@dataclass(frozen=True)
class Recorded:
    batch: Batch
    items: list[Item]
    changes: list[Change]
    names: list[str]
    """What is in the archive, in its order; empty where there is none."""

    @property
    def statuses(self) -> str:
        """One letter a row: s(ucceeded), f(ailed), c(ancelled)."""
        return "".join(effective_item_status(self.batch, item).value[0] for item in self.items)

    @property
    def codes(self) -> set[str]:
        return {item.failure.code.value for item in self.items if item.failure}

    @property
    def images(self) -> list[str]:
        return [name for name in self.names if _is_image(name)]


def _is_image(name: str) -> bool:
    """A picture that stopped its round is there to be looked at, and is none of the images."""
    return name not in TEXTS and not name.startswith("rejected/")


def check(
    batch_id: str, stack: Mapping[str, Any], clients: Any, fake: FakeProviders | None = None
) -> Recorded:
    """Asserts everything that holds for every batch that has ended, and returns what it read."""
    batch, items, changes = _records(batch_id, stack, clients("dynamodb", stack))
    bucket, s3 = stack["bucket"], clients("s3", stack)
    assert batch.status in FINISHED
    _check_books(batch, items)
    _check_history(batch, changes)
    if fake is not None:
        _check_creates(items, fake)
    left = s3.list_multipart_uploads(Bucket=bucket, Prefix=f"archives/{batch_id}/")
    assert not left.get("Uploads"), "an unfinished upload was left behind"
    names = [] if batch.state.archive is None else _check_archive(batch, items, s3, bucket)
    return Recorded(batch, items, changes, names)


def read_batch(batch_id: str, stack: Mapping[str, Any], dynamodb: Any) -> Batch:
    found = DynamoDBBatchStore(dynamodb, stack["table"]).get("local", batch_id)
    assert found is not None
    return found


def _records(
    batch_id: str, stack: Mapping[str, Any], dynamodb: Any
) -> tuple[Batch, list[Item], list[Change]]:
    store = DynamoDBBatchStore(dynamodb, stack["table"])
    batch = read_batch(batch_id, stack, dynamodb)
    items, changes = store.items("local", batch_id), store.changes("local", batch_id, 0, 10**6)
    return batch, list(items), list(changes)


def _check_books(batch: Batch, items: list[Item]) -> None:
    """Every row has one end, the counters are those of the rows, no money is left committed."""
    ends = Counter(effective_item_status(batch, item) for item in items)
    assert [item.index for item in items] == list(range(batch.total))
    assert set(ends) <= SETTLED
    for status in ItemStatus:
        assert ends[status] == getattr(batch.counts, status), (batch.counts, ends)
    for item in items:
        failed = effective_item_status(batch, item) is ItemStatus.FAILED
        assert not failed or item.failure is not None
        assert item.state.reserved == 0
        assert item.state.lease is None
    assert (
        batch.money.committed
        == batch.money.actual
        == sum((item.cost for item in items), Decimal(0))
    )
    assert batch.max_cost is None or batch.money.committed <= batch.max_cost


def _check_history(batch: Batch, changes: list[Change]) -> None:
    """No change is missing, the counts added up at each, and no row settled twice in a round."""
    assert [change.seq for change in changes] == list(range(1, batch.version + 1))
    assert {change.counts.total for change in changes} == {batch.total}
    last: dict[int, ItemChange] = {}
    for item in (change.item for change in changes if change.item is not None):
        before = last.get(item.index)
        again = before is not None and before.status in SETTLED and before.round == item.round
        # What settled may only be found lost when the archive is built.
        assert not again or (item.failure and item.failure.code is FailureCode.INTERNAL)
        last[item.index] = item


def _check_creates(items: list[Item], fake: FakeProviders) -> None:
    """No create that is not recorded, and none that was billed and not paid for."""
    for item in items:
        prompt = f"^{re.escape(item.prompt)}$"
        assert len(fake.creates(prompt)) <= item.state.attempts + _in_vain(fake, prompt), item
        collected = [p for p in fake.billed(prompt) if not p.cancelled and not p.running]
        if item.status is ItemStatus.SUCCEEDED:
            assert collected
            assert item.cost >= item.price


def _in_vain(fake: FakeProviders, prompt: str) -> int:
    """A create that made nothing may be no attempt."""
    return sum(create.prediction is None for create in fake.creates(prompt))


def _check_archive(batch: Batch, items: list[Item], s3: Any, bucket: str) -> list[str]:
    """The rows that succeeded, each once and in order, whole; and failed_rows.json, exactly."""
    assert batch.state.archive is not None
    body = s3.get_object(Bucket=bucket, Key=batch.state.archive.key)["Body"].read()
    assert len(body) == batch.state.archive.size
    made = [item for item in items if effective_item_status(batch, item) is ItemStatus.SUCCEEDED]
    failed = [item for item in items if effective_item_status(batch, item) is ItemStatus.FAILED]
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        broken = archive.testzip()
        assert broken is None, _damage(str(broken), batch, made, body, s3, bucket)
        names = archive.namelist()
        told = json.loads(archive.read("failed_rows.json")) if failed else []
        for item in made:
            assert item.image is not None
            assert archive.getinfo(str(item.file)).file_size == item.image.size
    images = [name for name in names if _is_image(name)]
    assert images == [item.file for item in made]
    assert len({name.casefold() for name in names}) == len(names)
    assert [each["row"] for each in told] == [item.row for item in failed]
    assert ("failed_rows.json" in names) == bool(failed)
    return names


def _damage(
    name: str, batch: Batch, made: list[Item], body: bytes, s3: Any, bucket: str
) -> dict[str, object]:
    """Where the damage is: in what was read, in the archive that is stored, or in its image."""
    assert batch.state.archive is not None
    again = s3.get_object(Bucket=bucket, Key=batch.state.archive.key)["Body"].read()
    [image] = [item.image for item in made if item.file == name]
    assert image is not None
    stored = s3.get_object(Bucket=bucket, Key=image.key)
    source = stored["Body"].read()
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        start = archive.getinfo(name).header_offset + 30 + len(name.encode())
    packed = body[start : start + image.size]
    differ = [at for at, pair in enumerate(zip(source, packed, strict=False)) if len(set(pair)) > 1]
    return {
        "name": name,
        "read again the same": again == body,
        "image is as recorded": zlib.crc32(source) == image.crc32,
        "etag": (stored["ETag"], image.etag),
        "bytes that differ": (len(differ), differ[:1], differ[-1:], image.size),
    }
