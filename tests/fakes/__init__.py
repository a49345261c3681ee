"""The ports in memory. They keep the contracts of tests/contracts and are pleasant to assert on.

A store or a queue fails on request (`faults.Faults`):

    store.fail_next("commit", MovedError("lost the race"))
    store.fail_next("commit", UnavailableError("answer lost"), applied=True)
    store.before_next("commit", lambda: cancel("batch"))
"""

from tests.fakes.catalog import InMemoryCatalogStore
from tests.fakes.finalizer import InMemoryFinalizer, Started
from tests.fakes.idempotency import InMemoryIdempotencyStore
from tests.fakes.library import InMemoryLibraryStore
from tests.fakes.media import InMemoryMediaStore
from tests.fakes.provider import LenientInspector, ScriptedProvider
from tests.fakes.queues import InMemoryDispatchQueue, InMemoryItemQueue, Sent
from tests.fakes.store import InMemoryBatchStore
from tests.fakes.system import FakeClock, FakeIds
from tests.fakes.uploads import InMemoryUploadStore
from tests.fakes.webhooks import InMemoryWebhooks, Posted

__all__ = [
    "FakeClock",
    "FakeIds",
    "InMemoryBatchStore",
    "InMemoryCatalogStore",
    "InMemoryDispatchQueue",
    "InMemoryFinalizer",
    "InMemoryIdempotencyStore",
    "InMemoryItemQueue",
    "InMemoryLibraryStore",
    "InMemoryMediaStore",
    "InMemoryUploadStore",
    "InMemoryWebhooks",
    "LenientInspector",
    "Posted",
    "ScriptedProvider",
    "Sent",
    "Started",
]
