"""What one test module has put into moto, for each of its tests to begin with a copy of its own."""

import pickle
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT

from testing.aws import BUCKET, REGION, TABLE
from testing.rounds import Rounds


class KeptAccount:
    """The records, objects and messages that are there when it is made."""

    def __init__(self) -> None:
        self._records = deepcopy(_table().items)
        # Not as objects: moto closes all that there are before the next test.
        self._objects = pickle.dumps([*_bucket().keys.values()])
        self._messages = {queue.name: deepcopy(queue._messages) for queue in _queues()}

    def restore(self) -> None:
        """Replace those of this test."""
        _table().items = deepcopy(self._records)
        bucket = _bucket()
        for name in [*bucket.keys]:
            bucket.keys.pop(name)
        for each in pickle.loads(self._objects):  # noqa: S301 - made above
            bucket.keys[each.name] = each
        for queue in _queues():
            queue._messages = deepcopy(self._messages[queue.name])


@dataclass(frozen=True)
class KeptBatch:
    """A batch as it is when this is made, and what the rest of the stack knows of it."""

    id: str
    rounds: Rounds
    account: KeptAccount = field(default_factory=KeptAccount)

    def restore(self, rounds: Rounds) -> str:
        """Replace everything of this test's stack; return the batch's id."""
        self.account.restore()
        rounds.resume(self.rounds)
        return self.id


def _table() -> Any:
    return get_backend("dynamodb")[ACCOUNT][REGION].tables[TABLE]


def _bucket() -> Any:
    return get_backend("s3")[ACCOUNT]["aws"].buckets[BUCKET]


def _queues() -> Iterator[Any]:
    yield from get_backend("sqs")[ACCOUNT][REGION].queues.values()
