import itertools

from hypothesis import given
from hypothesis import strategies as st

from imagebatch.retries import attempts


def pauses(tries: int, jitter: float = 1.0) -> list[float]:
    slept: list[float] = []
    numbers = attempts(tries, first=0.1, longest=1, sleep=slept.append, jitter=lambda: jitter)
    assert list(numbers) == list(range(tries))
    return slept


def test_pauses_double_up_to_the_longest() -> None:
    assert pauses(7) == [0.1, 0.2, 0.4, 0.8, 1, 1]


def test_nobody_waits_after_the_last_try() -> None:
    assert pauses(1) == []


def test_a_success_ends_the_pauses() -> None:
    slept: list[float] = []
    tries = attempts(9, first=1, longest=1, sleep=slept.append, jitter=lambda: 1)
    assert list(itertools.islice(tries, 3)) == [0, 1, 2]
    assert slept == [1, 1]


@given(st.floats(0, 1), st.integers(1, 200))
def test_a_pause_is_never_longer_than_allowed(jitter: float, tries: int) -> None:
    assert all(0 <= pause <= 1 for pause in pauses(tries, jitter))
