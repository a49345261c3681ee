"""Faults at calls that no case was written for: at one call, and three at random.

`make test` chooses some calls of each kind, two for a batch; `make soak` has a batch for each call,
and more walks.
"""

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import reduce
from itertools import groupby
from operator import and_, attrgetter
from random import Random

import pytest

from testing.fault_proxy import Rule
from tests.faults.harness import CREATE, LOOK, Case, FaultHarness

AT_ONCE = 6
WALKS, MANY_WALKS = 10, 200
"""How many batches meet three faults; 200 take about half an hour."""
SDK_ASKS = 4
REFUSALS = {
    "dynamodb": {"status": 400, "code": "ProvisionedThroughputExceededException"},
    "s3": {"status": 503, "code": "SlowDown"},
    "other": {"status": 500, "code": "InternalError"},
}


class Site:
    """The n-th call of its kind that a batch makes."""

    def __init__(self, operation: str, nth: int) -> None:
        self.operation, self.nth = operation, nth

    @property
    def service(self) -> str:
        if self.operation.startswith("^PUT /") or self.operation.startswith("^GET /"):
            return "s3"
        return "dynamodb" if "Item" in self.operation or "Query" in self.operation else "other"

    def __repr__(self) -> str:
        return f"{self.operation} {self.nth}"


def _kind(operation: str) -> str:
    method, space, path = operation.partition(" ")
    if not space:
        return f"^{operation}$"
    return f"^{method} /[^/]+/{re.escape(path.split('/')[2])}/"


def calls_of_a_batch(harness: FaultHarness, word: str, rows: int) -> list[Site]:
    """The fewest of three batches: writes that meet are made again, and who waits reads again."""
    words = [f"{word}Q{n}" for n in range(3)]
    for batch_id in [harness.submit(each, rows) for each in words]:
        harness.finish(batch_id)
    counts = (Counter(map(_kind, harness.aws.operations[each])) for each in words)
    return [Site(kind, nth) for kind, count in reduce(and_, counts).items() for nth in range(count)]


def some_of_each_kind(sites: list[Site]) -> list[Site]:
    """Each kind's first call and its last."""
    kinds = [list(calls) for _, calls in groupby(sites, attrgetter("operation"))]
    return [calls[at] for calls in kinds for at in sorted({0, len(calls) - 1})]


def far_apart(sites: list[Site]) -> list[list[Site]]:
    """Pairs of calls that different parts of a batch's life make."""
    half = -(-len(sites) // 2)
    return [sites[first::half] for first in range(half)]


def an_error_at_some_calls_of_each_kind(harness: FaultHarness, word: str) -> None:
    error_at(far_apart(some_of_each_kind(calls_of_a_batch(harness, word, 2))), harness, word)


def an_error_at_each_call_to_aws_in_turn(harness: FaultHarness, word: str) -> None:
    error_at([[site] for site in calls_of_a_batch(harness, word, 2)], harness, word)


def error_at(batches: list[list[Site]], harness: FaultHarness, word: str) -> None:
    """As often as the SDK asks, so that the calls fail for whoever made them."""

    def fail(at: int) -> tuple[str, list[Site]]:
        own = f"{word}N{at:03d}Z"
        rules = [(site, _refuse(harness, own, site)) for site in batches[at]]
        found = harness.finish(harness.submit(own))
        assert sum(harness.creates(own)) <= 2 + len(rules)
        return found.statuses, [site for site, rule in rules if not rule.fired]

    with ThreadPoolExecutor(AT_ONCE) as pool:
        ends = list(pool.map(fail, range(len(batches))))
    statuses = [(sites, end) for sites, (end, _) in zip(batches, ends, strict=True)]
    assert statuses == [(sites, "ss") for sites in batches]
    never = [site for _, missed in ends for site in missed]
    assert 0 not in {site.nth for site in never}
    assert len(never) <= sum(map(len, batches)) // 10


def _refuse(harness: FaultHarness, word: str, site: Site) -> Rule:
    refusal = REFUSALS[site.service]
    return harness.aws.script(
        "error", site.operation, about=word, after=site.nth, times=SDK_ASKS, **refusal
    )


def three_faults_at_random(harness: FaultHarness, word: str) -> None:
    walk_at_random(WALKS, harness, word)


def three_faults_at_random_in_many_batches(harness: FaultHarness, word: str) -> None:
    walk_at_random(MANY_WALKS, harness, word)


def walk_at_random(walks: int, harness: FaultHarness, word: str) -> None:
    """Whatever they do, the batch ends, its books are right, and a retry makes what is missing."""
    sites = calls_of_a_batch(harness, word, 3)

    def walk(seed: int) -> int:
        random, own = Random(seed), f"{word}N{seed:03d}Z"  # noqa: S311 - a walk to be walked again
        rules = [_fault(harness, own, random, sites) for _ in range(3)]
        batch_id = harness.submit(own, 3)
        found = harness.finish(batch_id)
        if "f" in found.statuses:
            assert harness.post(batch_id, "retry") == 202
            found = harness.finish(batch_id, round_=2)
        assert found.statuses == "sss", (seed, rules)
        return sum(rule.fired > 0 for rule in rules)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        fired = list(pool.map(walk, range(walks)))
    assert sum(fired) > 2 * walks


def _fault(harness: FaultHarness, word: str, random: Random, sites: list[Site]) -> Rule:
    if random.random() < 0.25:
        action = random.choice(["kill", "kill_after", "drop", "drop_reply", "truncate"])
        return harness.provider.script(action, random.choice([CREATE, LOOK]), about=word)
    site = random.choice(sites)
    action = random.choice(["error", "drop", "drop_reply", "kill", "kill_after"])
    times = random.choice([1, SDK_ASKS]) if action in {"error", "drop"} else 1
    return harness.aws.script(
        action,
        site.operation,
        about=word,
        after=site.nth,
        times=times,
        **REFUSALS[site.service],
    )


SOAK = [pytest.mark.soak, pytest.mark.timeout(7200)]


@pytest.mark.parametrize(
    "case",
    [
        an_error_at_some_calls_of_each_kind,
        three_faults_at_random,
        pytest.param(an_error_at_each_call_to_aws_in_turn, marks=SOAK),
        pytest.param(three_faults_at_random_in_many_batches, marks=SOAK),
    ],
    ids=lambda case: case.__name__,
)
def test_a_batch_survives(case: Case, outcome: Callable[[], None]) -> None:
    outcome()
