import re
from datetime import UTC

from imagebatch.adapters.system import SystemClock, SystemRandomness


def test_the_time_is_utc_in_whole_milliseconds() -> None:
    now = SystemClock().now()
    assert now.tzinfo is UTC
    assert now.microsecond % 1000 == 0


def test_a_sleep_below_zero_is_no_sleep() -> None:
    SystemClock().sleep(-1)


def test_identifiers_are_unlike_and_safe_everywhere() -> None:
    ids = {SystemRandomness().new_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)


def test_jitter_is_a_share() -> None:
    jitters = {SystemRandomness().jitter() for _ in range(100)}
    assert len(jitters) > 1
    assert all(0 <= each < 1 for each in jitters)
