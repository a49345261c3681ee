"""The ports in memory. They keep the contracts of tests/contracts and are pleasant to assert on.

A store or a queue fails on request (`faults.Faults`):

    store.fail_next("commit", ConflictError("lost the race"))
    store.fail_next("commit", UnavailableError("answer lost"), applied=True)
    store.before_next("commit", lambda: cancel("batch"))
"""

from testing.fakes.accounts import InMemoryAccountStore
from testing.fakes.catalog import InMemoryCatalogStore
from testing.fakes.finalizer import InMemoryFinalizer, Started
from testing.fakes.idempotency import InMemoryIdempotencyStore
from testing.fakes.library import InMemoryLibraryStore
from testing.fakes.media import InMemoryObjectStore
from testing.fakes.outages import InMemoryBreakerStore, InMemoryPredictionLedger
from testing.fakes.provider import LenientValidator, ScriptedProvider, StubThumbnailer
from testing.fakes.queues import InMemoryDispatchQueue, InMemoryItemQueue, Sent
from testing.fakes.store import InMemoryBatchStore
from testing.fakes.system import FakeClock, FakeRandomness
from testing.fakes.templates import InMemoryTemplateStore
from testing.fakes.uploads import InMemoryUploadStore
from testing.fakes.webhooks import InMemoryWebhooks, Posted

__all__ = [
    "FakeClock",
    "FakeRandomness",
    "InMemoryAccountStore",
    "InMemoryBatchStore",
    "InMemoryBreakerStore",
    "InMemoryCatalogStore",
    "InMemoryDispatchQueue",
    "InMemoryFinalizer",
    "InMemoryIdempotencyStore",
    "InMemoryItemQueue",
    "InMemoryLibraryStore",
    "InMemoryObjectStore",
    "InMemoryPredictionLedger",
    "InMemoryTemplateStore",
    "InMemoryUploadStore",
    "InMemoryWebhooks",
    "LenientValidator",
    "Posted",
    "ScriptedProvider",
    "Sent",
    "Started",
    "StubThumbnailer",
]
