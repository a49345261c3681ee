"""What the provider can do wrong, each row of a batch meeting something else."""

from collections.abc import Callable, Sequence

import pytest

from imagebatch.domain.statuses import BatchStatus
from testing.fault_words import STOPPING, WORDS, FaultWord, is_looked_at
from testing.models import built_in
from tests.faults.harness import Case, FaultHarness

PRICE = built_in("google/nano-banana-2.1").max_price()
ENDLESS = [
    FaultWord("never", {}, "", None),
    *(FaultWord(name, {"on": "get"}, "", None) for name in ("types", "gzip", "garbled", "500")),
    *(FaultWord(name, {}, "", None) for name in ("503", "304", "redirect_nowhere", "profile")),
]


def every_fault_ends_its_row_as_it_should_and_no_other(harness: FaultHarness, word: str) -> None:
    rules = [_script(harness, word, row, fault) for row, fault in enumerate(WORDS)]
    found = harness.finish(harness.submit(word, len(WORDS)))
    assert [harness.fake.fired(rule) > 0 for rule in rules] == [True] * len(WORDS)
    ends = [item.failure.code.value if item.failure else item.status.value for item in found.items]
    assert [*zip(WORDS, ends, strict=True)] == [(fault, fault.end) for fault in WORDS]
    made = harness.creates(word, len(WORDS))
    expected = [fault.creates or count for fault, count in zip(WORDS, made, strict=True)]
    assert [*zip(WORDS, made, strict=True)] == [*zip(WORDS, expected, strict=True)]
    assert _stopped(harness, word, WORDS)


def _script(harness: FaultHarness, word: str, row: int, fault: FaultWord) -> str:
    prompt = harness.row(word, row)
    if is_looked_at(fault):
        harness.fake.script("slow", prompt=prompt, seconds=3)
    return harness.fake.script(fault.fault, prompt=prompt, **fault.more)


def _stopped(harness: FaultHarness, word: str, faults: Sequence[FaultWord]) -> bool:
    """Whether the provider was told to stop what never ends."""
    row = next(row for row, fault in enumerate(faults) if fault.fault == "never")
    return [each.cancelled for each in harness.fake.billed(harness.row(word, row))] == [True]


def what_no_row_can_do_anything_about_ends_the_round(harness: FaultHarness, word: str) -> None:
    batches = {}
    for number, fault in enumerate(STOPPING):
        own = f"{word}N{number}Z"
        harness.fake.script(fault, prompt=own)
        batches[fault] = harness.submit(own, 3)
    found = {fault: harness.finish(batch_id) for fault, batch_id in batches.items()}
    assert {fault: each.statuses for fault, each in found.items()} == dict.fromkeys(STOPPING, "fff")
    assert {fault: each.codes for fault, each in found.items()} == {
        fault: {code} for fault, code in STOPPING.items()
    }


def a_batch_of_faults_is_cancelled_at_once(harness: FaultHarness, word: str) -> None:
    """Of those that no look, no file and no other try ever ends."""
    for row, fault in enumerate(ENDLESS):
        _script(harness, word, row, fault)
    batch_id = harness.submit(word, len(ENDLESS))
    never = harness.row(word, 0)
    harness.until(batch_id, lambda b: b.counts.processing >= 3 and bool(harness.fake.billed(never)))
    assert harness.post(batch_id, "cancel") == 202
    found = harness.finish(batch_id)
    assert found.batch.status is BatchStatus.CANCELLED
    assert set(found.statuses) <= {"c", "f"}
    assert _stopped(harness, word, ENDLESS)


def a_wrong_key_fails_every_row_at_once(harness: FaultHarness, word: str) -> None:
    rule = harness.fake.script("401", prompt=word)
    found = harness.finish(harness.submit(word, 20))
    assert harness.fake.fired(rule) > 0
    assert (found.statuses, found.codes) == ("f" * 20, {"provider_auth"})
    assert found.batch.money.committed == 0
    assert len(harness.fake.creates(word)) < 20


def an_account_without_credit_fails_what_is_left_and_keeps_what_is_made(
    harness: FaultHarness, word: str
) -> None:
    rule = harness.fake.script("402", prompt=word, after=4)
    found = harness.finish(harness.submit(word, 20))
    assert harness.fake.fired(rule) > 0
    assert found.statuses.count("s") == 4
    assert found.codes == {"provider_auth"}
    assert found.batch.money.actual == 4 * PRICE


def a_key_that_is_refused_while_images_are_made_ends_the_round(
    harness: FaultHarness, word: str
) -> None:
    harness.fake.script("slow", prompt=word, seconds=4)
    rule = harness.fake.script("401", prompt=word, on="get")
    found = harness.finish(harness.submit(word, 8))
    # A row whose message came back until its deadline would ask three times and more.
    assert 0 < harness.fake.fired(rule) <= 2 * 8
    assert (found.statuses, found.codes) == ("f" * 8, {"provider_auth"})


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
    assert found.batch.money.committed == cap
    assert len(harness.fake.billed(word)) * PRICE == cap
    assert found.statuses.count("s") == 5
    assert found.codes <= {"budget_exhausted", "invalid_output"}


@pytest.mark.parametrize(
    "case",
    [
        every_fault_ends_its_row_as_it_should_and_no_other,
        what_no_row_can_do_anything_about_ends_the_round,
        a_batch_of_faults_is_cancelled_at_once,
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
