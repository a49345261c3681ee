"""What the provider can do wrong, each row of a batch meeting something else."""

from collections.abc import Callable
from typing import NamedTuple

import pytest

from testing.models import built_in
from tests.faults.harness import Case, FaultHarness

PRICE = built_in("google/nano-banana-2.1").max_price()
HIDDEN_SECONDS = 35
"""After which a message of a delivery that failed comes back."""


class Fault(NamedTuple):
    """`more` is for the fake's script; then how the row ends and how often it was asked for, None
    where that depends on the time.
    """

    name: str
    more: dict[str, object]
    end: str
    creates: int | None


ONCE = {"times": 1}
FAULTS = [
    Fault("429_header", {**ONCE, "seconds": 3}, "succeeded", 2),
    Fault("429", ONCE, "succeeded", 2),
    Fault("429_text", {"times": 2, "seconds": 1}, "succeeded", 3),
    Fault("500", ONCE, "succeeded", 2),
    Fault("503", ONCE, "succeeded", 2),
    Fault("503", {}, "provider_unavailable", None),
    Fault("504", ONCE, "succeeded", 2),
    Fault("cut_before", ONCE, "succeeded", 2),
    Fault("cut_after", ONCE, "succeeded", 1),
    Fault("hang_after", ONCE, "succeeded", 1),
    Fault("truncated", ONCE, "succeeded", 1),
    Fault("chunked_cut", {"times": 3}, "succeeded", 1),
    Fault("truncated_quietly", ONCE, "succeeded", 2),
    Fault("html", {**ONCE, "on": "file"}, "succeeded", 2),
    Fault("blank", ONCE, "succeeded", 2),
    Fault("blank", {}, "invalid_output", 2),
    Fault("expired", ONCE, "succeeded", 2),
    Fault("canceled", ONCE, "succeeded", 2),
    Fault("failed", {**ONCE, "text": "Prediction interrupted; please retry"}, "succeeded", 2),
    Fault("failed", {**ONCE, "text": "NSFW content detected"}, "content_refused", 1),
    Fault("422", {}, "invalid_input", 1),
    Fault("500", {"times": 3, "on": "get"}, "succeeded", 1),
    Fault("never", {}, "deadline_exceeded", 1),
]


def every_fault_ends_its_row_as_it_should_and_no_other(harness: FaultHarness, word: str) -> None:
    rules = [
        harness.fake.script(fault.name, prompt=harness.row(word, row), **fault.more)
        for row, fault in enumerate(FAULTS)
    ]
    polled = [row for row, fault in enumerate(FAULTS) if fault.more.get("on") == "get"]
    for row in polled:
        harness.fake.script("slow", prompt=harness.row(word, row), seconds=3)
    found = harness.finish(harness.submit(word, len(FAULTS)))
    assert [harness.fake.fired(rule) > 0 for rule in rules] == [True] * len(FAULTS)
    ends = [item.failure.code.value if item.failure else item.status.value for item in found.items]
    assert [*zip(FAULTS, ends, strict=True)] == [(fault, fault.end) for fault in FAULTS]
    made = harness.creates(word, len(FAULTS))
    expected = [fault.creates or count for fault, count in zip(FAULTS, made, strict=True)]
    assert made == expected
    never = harness.fake.billed(harness.row(word, len(FAULTS) - 1))
    assert [prediction.cancelled for prediction in never] == [True]


def a_wrong_key_fails_every_row_at_once(harness: FaultHarness, word: str) -> None:
    rule = harness.fake.script("401", prompt=word)
    found = harness.finish(harness.submit(word, 20))
    assert harness.fake.fired(rule) > 0
    assert (found.statuses, found.codes) == ("f" * 20, {"provider_auth"})
    assert found.batch.committed == 0
    assert len(harness.fake.creates(word)) < 20


def an_account_without_credit_fails_what_is_left_and_keeps_what_is_made(
    harness: FaultHarness, word: str
) -> None:
    rule = harness.fake.script("402", prompt=word, after=4)
    found = harness.finish(harness.submit(word, 20))
    assert harness.fake.fired(rule) > 0
    assert found.statuses.count("s") == 4
    assert found.codes == {"provider_auth"}
    assert found.batch.actual == 4 * PRICE


def a_key_that_is_refused_while_images_are_made_ends_the_round(
    harness: FaultHarness, word: str
) -> None:
    harness.fake.script("slow", prompt=word, seconds=4)
    rule = harness.fake.script("401", prompt=word, on="get")
    found = harness.finish(harness.submit(word, 8))
    assert harness.fake.fired(rule) > 0
    assert (found.statuses, found.codes) == ("f" * 8, {"provider_auth"})
    assert max(item.seconds or 0 for item in found.items) < HIDDEN_SECONDS


def a_model_that_ignores_the_ratio_is_paid_once_and_shown(harness: FaultHarness, word: str) -> None:
    rule = harness.fake.script("wrong_aspect", prompt=word)
    found = harness.finish(harness.submit(word, 20))
    assert harness.fake.fired(rule) > 0
    assert (found.statuses, found.codes) == ("f" * 20, {"invalid_output"})
    assert len(harness.fake.billed(word)) < 20
    assert any(name.startswith("rejected/") for name in found.names)


def the_cost_cap_holds_under_many_workers_at_once(harness: FaultHarness, word: str) -> None:
    """Bad pictures are paid for: what would be made twice takes the money of what comes after."""
    rule = harness.fake.script("blank", prompt=word, times=5)
    cap = 10 * PRICE
    found = harness.finish(harness.submit(word, 10, maxCost=cap))
    assert harness.fake.fired(rule) == 5
    assert found.batch.committed == cap
    assert len(harness.fake.billed(word)) * PRICE == cap
    assert found.statuses.count("s") == 5
    assert found.codes <= {"budget_exhausted", "invalid_output"}


@pytest.mark.parametrize(
    "case",
    [
        every_fault_ends_its_row_as_it_should_and_no_other,
        a_wrong_key_fails_every_row_at_once,
        an_account_without_credit_fails_what_is_left_and_keeps_what_is_made,
        a_key_that_is_refused_while_images_are_made_ends_the_round,
        a_model_that_ignores_the_ratio_is_paid_once_and_shown,
        the_cost_cap_holds_under_many_workers_at_once,
    ],
    ids=lambda case: case.__name__,
)
def test_of_the_providers_faults(case: Case, outcome: Callable[[], None]) -> None:
    outcome()
