"""Random interleavings of everything that can happen to a batch, and every single fault in turn."""

import pytest
from hypothesis import HealthCheck, settings

from tests.usecases.batch_state_machine import Storm
from tests.usecases.peril import Strike, Trouble

Storm.TestCase.settings = settings(
    max_examples=120,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestStorm = Storm.TestCase

OVERTAKERS = {
    "dispatch 1": ["dispatch 1", "cancel", "sweep"],
    "deliver 0": ["deliver 0", "deliver 1", "give up 0", "cancel", "sweep"],
    "give up 0": ["deliver 0", "give up 0", "cancel", "sweep"],
    "cancel": ["deliver 0", "give up 0", "cancel", "sweep"],
    "sweep": ["deliver 0", "give up 0", "cancel"],
    "finalize 0": ["give up 0", "stop finalizer 0", "sweep"],
    "retry": ["retry", "hours pass"],
}
"""Every process, and who may come in between."""
MOST_CALLS = 60


def ready_for(process: str, other: str = "") -> Storm:
    """A batch of two at the point where the process, and who comes in between, have work to do."""
    storm = Storm()
    storm.submit(2, None, 2.0, [(0, "rejected")] * (process == "retry"), [], [], True, False)
    if process == "dispatch 1":
        return storm
    do(storm, "dispatch 1")
    if "give up 0" in (process, other):
        storm.dead.append(storm.inbox[0])
    if process in {"finalize 0", "retry"}:
        for _ in range(2):
            do(storm, "deliver 0")
    if process == "retry":
        for _ in range(2):
            do(storm, "finalize 0")
    return storm


def do(storm: Storm, name: str, *strikes: Strike) -> None:
    storm.do(storm.menu()[name], list(strikes))


def struck(process: str, strike: Strike) -> list[Trouble]:
    """What came of the strike; whatever it did, all is well after it."""
    storm = ready_for(process, str(strike.who))
    do(storm, process, strike)
    storm.check()
    storm.teardown()
    return storm.peril.struck


def calls(process: str) -> range:
    """Every call the process makes when nothing is in its way, and one more."""
    made = (n for n in range(MOST_CALLS) if not struck(process, Strike(n, Trouble.OVERTAKE)))
    return range(next(made) + 1)


@pytest.mark.parametrize("trouble", [t for t in Trouble if t is not Trouble.OVERTAKE])
@pytest.mark.parametrize("process", OVERTAKERS)
def test_a_process_struck_at_any_call_loses_nothing(process: str, trouble: Trouble) -> None:
    for call in calls(process):
        struck(process, Strike(call, trouble))


@pytest.mark.parametrize(
    ("process", "other"), [(each, other) for each in OVERTAKERS for other in OVERTAKERS[each]]
)
def test_a_process_overtaken_at_any_call_by_one_that_dies_at_any_call_loses_nothing(
    process: str, other: str
) -> None:
    for call in calls(process):
        for dies_after in range(MOST_CALLS):
            strike = Strike(call, Trouble.OVERTAKE, other, dies_after)
            if Trouble.KILL not in struck(process, strike):
                break
