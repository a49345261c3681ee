"""The ports in memory. They keep the contracts of tests/contracts and are pleasant to assert on.

A store or a queue fails on request (`faults.Faults`):

    store.fail_next("commit", MovedError("lost the race"))
    store.fail_next("commit", UnavailableError("answer lost"), applied=True)
    store.before_next("commit", lambda: cancel("batch"))
"""

from tests.fakes.finalizer import InMemoryFinalizer, Started
from tests.fakes.idempotency import InMemoryIdempotencyStore
from tests.fakes.media import InMemoryMediaStore
from tests.fakes.provider import LenientInspector, ScriptedProvider
from tests.fakes.queues import InMemoryDispatchQueue, InMemoryItemQueue, Sent
from tests.fakes.store import InMemoryBatchStore
from tests.fakes.system import FakeClock, FakeIds
from tests.fakes.uploads import InMemoryUploadStore

__all__ = [
    "FakeClock",
    "FakeIds",
    "InMemoryBatchStore",
    "InMemoryDispatchQueue",
    "InMemoryFinalizer",
    "InMemoryIdempotencyStore",
    "InMemoryItemQueue",
    "InMemoryMediaStore",
    "InMemoryUploadStore",
    "LenientInspector",
    "ScriptedProvider",
    "Sent",
    "Started",
]
