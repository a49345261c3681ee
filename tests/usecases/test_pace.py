import pytest

from imagebatch.usecases.poll_schedule import PollSchedule


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
    assert first_look(PollSchedule()) == pytest.approx(1.8)


def test_constant_duration_needs_one_poll() -> None:
    pace = PollSchedule()
    late(pace, 4.0)
    lateness, looks = late(pace, 4.0)
    assert looks == 1
    assert lateness == pytest.approx(0.02)


def test_the_quickest_lately_is_when_looks_begin() -> None:
    pace = PollSchedule()
    for seconds in (5.0, 3.0, 4.0):
        pace.observe("m", seconds)
    assert first_look(pace) == pytest.approx(3.02)
    assert late(pace, 4.2)[0] < 0.26


def test_cold_start_does_not_delay_later_polls() -> None:
    pace = PollSchedule()
    pace.observe("m", 80.0)
    assert first_look(pace) == pytest.approx(6.0)
    assert late(pace, 2.0)[0] == pytest.approx(4.0)
    assert late(pace, 2.0)[0] < 0.15


def test_faster_model_is_polled_sooner() -> None:
    pace = PollSchedule()
    for _ in range(8):
        pace.observe("m", 6.0)
    late(pace, 2.0)
    assert late(pace, 2.0)[0] < 0.15


def test_slower_model_is_polled_at_growing_intervals() -> None:
    pace = PollSchedule()
    for _ in range(8):
        pace.observe("m", 2.0)
    lateness, looks = late(pace, 6.0)
    assert lateness < 0.07 * 6.0
    assert looks < 25
    for _ in range(8):
        late(pace, 6.0)
    assert late(pace, 6.0)[1] == 1


@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_what_no_clock_can_have_said_is_not_learned(seconds: float) -> None:
    pace = PollSchedule()
    pace.observe("m", seconds)
    assert first_look(pace) == pytest.approx(1.8)


def test_poll_interval_grows_with_the_time_waited() -> None:
    pace = PollSchedule()
    assert pace.next_poll_delay("m", 6.0, 10.0) == pytest.approx(0.5)
    assert pace.next_poll_delay("m", 6.0, 1.9) == pytest.approx(0.095)
    assert pace.next_poll_delay("m", 6.0, 1000.0) == pytest.approx(4.0)
