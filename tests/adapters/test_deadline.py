"""deadline: every read and write of an exchange gets what is left of its deadline, and no more."""

from types import SimpleNamespace

import httpcore
import pytest

from imagebatch.adapters import deadline as deadline_module
from imagebatch.adapters.deadline import DeadlineBackend, deadline


class Slow(httpcore.NetworkStream):
    """Each read takes 0.75 seconds of `clock`, and keeps the time-out that it was given."""

    def __init__(self, clock: SimpleNamespace) -> None:
        self.clock = clock
        self.timeouts: list[float | None] = []

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self.timeouts.append(timeout)
        self.clock.now += 0.75
        return b"x"

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.timeouts.append(timeout)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    made = SimpleNamespace(now=100.0)
    made.monotonic = lambda: made.now
    monkeypatch.setattr(deadline_module, "time", made)
    return made


@pytest.fixture
def slow(clock: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> Slow:
    made = Slow(clock)
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda *_: made)
    return made


def test_a_byte_that_arrives_does_not_extend_the_deadline(slow: Slow) -> None:
    with deadline(1.0):
        stream = DeadlineBackend().connect_tcp("127.0.0.1", 80)
        stream.read(1, timeout=10.0)
        stream.read(1, timeout=None)
        with pytest.raises(httpcore.ReadTimeout):
            stream.read(1, timeout=10.0)
    assert slow.timeouts == [1.0, 0.25]


def test_a_write_after_the_deadline_is_refused(slow: Slow, clock: SimpleNamespace) -> None:
    with deadline(1.0):
        stream = DeadlineBackend().connect_tcp("127.0.0.1", 80)
        clock.now += 0.5
        stream.write(b"x", timeout=10.0)
        clock.now += 0.5
        with pytest.raises(httpcore.WriteTimeout):
            stream.write(b"x", timeout=10.0)
    assert slow.timeouts == [0.5]


def test_a_shorter_timeout_of_the_caller_holds(slow: Slow) -> None:
    with deadline(1.0):
        DeadlineBackend().connect_tcp("127.0.0.1", 80).read(1, timeout=0.1)
    assert slow.timeouts == [0.1]
