import pytest

from imagebatch.usecases.pace import Pace


def first_look(pace: Pace) -> float:
    return pace.next_look("m", 6.0, 0.0)


def test_a_known_model_is_looked_at_near_its_usual_end() -> None:
    pace = Pace()
    assert first_look(pace) == pytest.approx(1.8)
    for _ in range(20):
        pace.observe("m", 4.0)
    assert first_look(pace) == pytest.approx(3.6)


def test_an_item_that_was_long_in_the_queue_does_not_slow_down_those_after_it() -> None:
    """Seconds run on while its worker lies dead, and would put every later first look off."""
    pace = Pace()
    pace.observe("m", 80.0)
    assert first_look(pace) == pytest.approx(6.0)


def test_looks_follow_each_other_at_a_share_of_the_time_waited() -> None:
    pace = Pace()
    assert pace.next_look("m", 6.0, 10.0) == pytest.approx(0.6)
    assert pace.next_look("m", 6.0, 1.9) == pytest.approx(0.114)
    assert pace.next_look("m", 6.0, 1000.0) == pytest.approx(4.0)
