import pytest

from imagebatch.usecases.pace import Pace


def first_look(pace: Pace) -> float:
    return pace.next_look("m", 6.0, 0.0)


def test_a_known_model_is_looked_at_near_its_usual_end() -> None:
    pace = Pace()
    assert first_look(pace) == pytest.approx(1.8)
    for _ in range(20):
        pace.observe("m", 4.0, looks=2)
    assert first_look(pace) == pytest.approx(3.6)


def test_an_item_that_was_long_in_the_queue_does_not_slow_down_those_after_it() -> None:
    """Seconds run on while its worker lies dead, and would put every later first look off."""
    pace = Pace()
    pace.observe("m", 80.0, looks=2)
    assert first_look(pace) == pytest.approx(6.0)


def test_a_model_that_became_quicker_is_soon_looked_at_sooner() -> None:
    """What the first look finds done tells only that it took less."""
    pace, lost = Pace(), 0.0
    pace.observe("m", 6.0, looks=2)
    for _ in range(6):
        look = first_look(pace)
        lost += max(0.0, look - 2.0)
        pace.observe("m", max(look, 2.05), looks=1 if look >= 2.0 else 2)
    assert first_look(pace) < 2.0
    assert lost < 8.0


def test_looks_follow_each_other_at_a_share_of_the_time_waited() -> None:
    pace = Pace()
    assert pace.next_look("m", 6.0, 10.0) == pytest.approx(0.6)
    assert pace.next_look("m", 6.0, 1.9) == pytest.approx(0.114)
    assert pace.next_look("m", 6.0, 1000.0) == pytest.approx(4.0)
