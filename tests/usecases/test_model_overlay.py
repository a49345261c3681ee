"""The overlay in a stack's bucket: read at most every five minutes, ignored whole if invalid."""

from dataclasses import dataclass, field

import pytest

from imagebatch.domain.errors import UnavailableError
from imagebatch.domain.model_entries import MAX_OVERLAY_BYTES
from imagebatch.usecases.model_overlay import KEY, OverlaidRegistry
from testing.fakes import FakeClock, InMemoryObjectStore
from testing.fakes.telemetry import SilentTelemetry
from testing.models import a_model, a_registry

RETIRE = b'[[models]]\nid = "owner/first"\nstate = "retired"\nsuccessor = "owner/second"\n'
MODELS = [
    a_model(f"owner/{name}", provider="replicate", fields={"prompt": "p", "aspect_ratio": "a"})
    for name in ("first", "second")
]


@dataclass
class Stack:
    store: InMemoryObjectStore = field(default_factory=InMemoryObjectStore)
    clock: FakeClock = field(default_factory=FakeClock)
    telemetry: SilentTelemetry = field(default_factory=SilentTelemetry)

    def __post_init__(self) -> None:
        registry = a_registry(*MODELS)
        self.registry = OverlaidRegistry(registry, "", self.store, self.clock, self.telemetry)

    def put(self, body: bytes) -> None:
        self.store.put(KEY, body, "application/toml")

    @property
    def retired(self) -> bool:
        return self.registry().models["owner/first"].retired


@pytest.fixture
def stack() -> Stack:
    return Stack()


def test_an_overlay_counts_within_five_minutes(stack: Stack) -> None:
    assert not stack.retired
    stack.put(RETIRE)
    stack.clock.advance(299)
    assert not stack.retired
    stack.clock.advance(1)
    assert stack.retired


def test_a_removed_overlay_no_longer_counts(stack: Stack) -> None:
    stack.put(RETIRE)
    assert stack.retired
    stack.store.delete(KEY)
    stack.clock.advance(300)
    assert not stack.retired


@pytest.mark.parametrize(
    "body",
    [
        RETIRE + b'[[models]]\nid = "owner/second"\nprovider = "elsewhere"\n',
        RETIRE + b"#" * MAX_OVERLAY_BYTES,
        b"\xff",
    ],
)
def test_an_invalid_overlay_is_ignored_whole(stack: Stack, body: bytes) -> None:
    stack.put(body)

    assert not stack.retired
    assert stack.telemetry.notes == [f"ignored {KEY}"]


def test_an_unavailable_bucket_keeps_the_last_registry(stack: Stack) -> None:
    stack.put(RETIRE)
    assert stack.retired
    stack.clock.advance(300)
    stack.store.fail_next("head", UnavailableError("the bucket is not available"))
    assert stack.retired


def test_nothing_is_planned_on_unread_prices(stack: Stack) -> None:
    stack.put(RETIRE)
    stack.store.fail_next("head", UnavailableError("the bucket is not available"))
    with pytest.raises(UnavailableError):
        stack.registry()
    assert stack.retired
