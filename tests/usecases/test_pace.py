import random

import pytest

from imagebatch.usecases.poll_schedule import PollSchedule

TIMES = random.Random(1)  # noqa: S311 - the same times in every run
VARYING = [6.0 * TIMES.lognormvariate(0, 0.5) for _ in range(1_000)]


def first_look(pace: PollSchedule) -> float:
    return pace.next_poll_delay("m", 6.0, 0.0)


def late(pace: PollSchedule, seconds: float) -> tuple[float, int]:
    """How much later than its end a prediction is found done, and after how many looks."""
    waited, looks = 0.0, 0
    while waited < seconds or not looks:
        waited += pace.next_poll_delay("m", 6.0, waited)
        looks += 1
    pace.observe("m", seconds)
    return waited - seconds, looks


def test_an_unknown_model_is_looked_at_early() -> None:
    assert first_look(PollSchedule(3)) == pytest.approx(1.8)


def test_constant_duration_needs_one_poll() -> None:
    pace = PollSchedule(3)
    late(pace, 4.0)
    lateness, looks = late(pace, 4.0)
    assert looks == 1
    assert lateness == pytest.approx(0.005)


def test_polls_begin_early_where_recent_durations_differ() -> None:
    pace = PollSchedule(3)
    for seconds in (5.0, 3.0, 4.0):
        pace.observe("m", seconds)
    assert first_look(pace) == pytest.approx(3.005 - 2.0)
    assert late(pace, 4.2)[0] < 0.1


def test_cold_start_does_not_delay_later_polls() -> None:
    pace = PollSchedule(3)
    pace.observe("m", 80.0)
    assert first_look(pace) == pytest.approx(6.0)
    assert late(pace, 2.0)[0] == pytest.approx(4.0)
    assert late(pace, 2.0)[0] < 0.15


def test_faster_model_is_polled_sooner() -> None:
    pace = PollSchedule(3)
    for _ in range(8):
        pace.observe("m", 6.0)
    late(pace, 2.0)
    assert late(pace, 2.0)[0] < 0.15


def test_slower_model_is_polled_at_growing_intervals() -> None:
    pace = PollSchedule(3)
    for _ in range(8):
        pace.observe("m", 2.0)
    lateness, looks = late(pace, 6.0)
    assert lateness < 0.02 * 6.0
    assert looks < 60
    for _ in range(8):
        late(pace, 6.0)
    assert late(pace, 6.0)[1] == 1


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_what_no_clock_can_have_said_is_not_learned(seconds: float) -> None:
    pace = PollSchedule(3)
    pace.observe("m", seconds)
    assert first_look(pace) == pytest.approx(1.8)


@pytest.mark.parametrize(
    ("workers", "share"), [(1, 0.02), (4, 0.02), (6, 0.025), (12, 0.05), (100, 0.05)]
)
def test_poll_interval_is_a_share_of_time_waited(workers: int, share: float) -> None:
    pace = PollSchedule(workers)
    assert pace.next_poll_delay("m", 6.0, 10.0) == pytest.approx(10.0 * share)
    assert pace.next_poll_delay("m", 6.0, 1.9) == pytest.approx(max(1.9 * share, 0.05))
    assert pace.next_poll_delay("m", 6.0, 1000.0) == pytest.approx(4.0)


@pytest.mark.parametrize("workers", [3, 5, 8, 12])
def test_workers_poll_less_than_fifty_times_a_second(workers: int) -> None:
    pace = PollSchedule(workers)
    polls = sum(late(pace, seconds)[1] for seconds in VARYING)
    assert workers * polls / sum(VARYING) < 50


def test_varying_durations_are_found_soon_after_end() -> None:
    pace = PollSchedule(3)
    assert sum(late(pace, seconds)[0] for seconds in VARYING) < 0.015 * sum(VARYING)
