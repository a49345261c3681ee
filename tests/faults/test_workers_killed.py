"""A worker is killed (SIGKILL) at each step of its work: nothing is lost or paid for twice."""

from collections.abc import Callable

import pytest

from tests.faults.harness import CREATE, LOOK, SETTLED, Case, FaultHarness


def killed_before_the_create(harness: FaultHarness, word: str) -> None:
    rule = harness.provider.script("kill", CREATE, about=word)
    found = harness.finish(harness.submit(word))
    assert rule.fired == 1
    assert (found.statuses, harness.creates(word)) == ("ss", [1, 1])


def killed_right_after_the_create_what_it_made_is_found(harness: FaultHarness, word: str) -> None:
    rule = harness.provider.script("kill_after", CREATE, about=word)
    found = harness.finish(harness.submit(word))
    assert rule.fired == 1
    assert (found.statuses, harness.creates(word)) == ("ss", [1, 1])
    assert [item.state.attempts for item in found.items] == [1, 1]


def killed_during_polling_the_prediction_is_carried_on(harness: FaultHarness, word: str) -> None:
    harness.fake.script("slow", prompt=word, seconds=4)
    rule = harness.provider.script("kill", LOOK, about=word)
    found = harness.finish(harness.submit(word))
    assert rule.fired == 1
    assert (found.statuses, harness.creates(word)) == ("ss", [1, 1])


def killed_after_the_image_is_stored_it_is_not_fetched_again(
    harness: FaultHarness, word: str
) -> None:
    rule = harness.aws.script("kill_after", "^PUT /.*/images/", about=word)
    found = harness.finish(harness.submit(word, 1))
    assert rule.fired == 1
    assert (found.statuses, harness.creates(word, 1)) == ("s", [1])


def killed_right_before_the_settle(harness: FaultHarness, word: str) -> None:
    rule = harness.aws.script("kill", "TransactWriteItems", about=word, having=SETTLED)
    found = harness.finish(harness.submit(word))
    assert rule.fired == 1
    assert (found.statuses, harness.creates(word)) == ("ss", [1, 1])


def killed_right_after_the_settle_what_follows_is_still_released(
    harness: FaultHarness, word: str
) -> None:
    """With more rows than may be in the queue at once, a row's message releases a later row's."""
    rule = harness.aws.script("kill_after", "TransactWriteItems", about=word, having=SETTLED)
    found = harness.finish(harness.submit(word, 18))
    assert rule.fired == 1
    assert (found.statuses, harness.creates(word, 18)) == ("s" * 18, [1] * 18)


def killed_right_after_the_last_settle_the_archive_is_still_built(
    harness: FaultHarness, word: str
) -> None:
    rule = harness.aws.script("kill", "StartExecution", about=word)
    found = harness.finish(harness.submit(word))
    assert rule.fired == 1
    assert (found.statuses, harness.creates(word)) == ("ss", [1, 1])


def killed_twice_before_the_create_it_is_made_all_the_same(
    harness: FaultHarness, word: str
) -> None:
    rule = harness.provider.script("kill", CREATE, about=word, times=2)
    found = harness.finish(harness.submit(word, 1))
    assert rule.fired == 2
    assert (found.statuses, harness.creates(word, 1)) == ("s", [1])


@pytest.mark.parametrize(
    "case",
    [
        killed_before_the_create,
        killed_right_after_the_create_what_it_made_is_found,
        killed_during_polling_the_prediction_is_carried_on,
        killed_after_the_image_is_stored_it_is_not_fetched_again,
        killed_right_before_the_settle,
        killed_right_after_the_settle_what_follows_is_still_released,
        killed_right_after_the_last_settle_the_archive_is_still_built,
        killed_twice_before_the_create_it_is_made_all_the_same,
    ],
    ids=lambda case: case.__name__,
)
def test_a_worker(case: Case, outcome: Callable[[], None]) -> None:
    outcome()
