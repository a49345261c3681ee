"""Random interleavings of everything that can happen to a batch, and every single fault in turn."""

from functools import cache

import pytest
from hypothesis import HealthCheck, settings

from testing.effort import examples
from tests.usecases.batch_state_machine import BatchStateMachine
from tests.usecases.fault_injection import FaultKind, InjectedFault

BatchStateMachine.TestCase.settings = settings(
    max_examples=examples(60),
    stateful_step_count=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
TestBatchStateMachine = BatchStateMachine.TestCase

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
MAX_CALLS = 60


def ready_for(process: str, other: str = "", *, lists: bool = True) -> BatchStateMachine:
    """A batch of two at the point where the process, and who comes in between, have work to do."""
    machine = BatchStateMachine()
    machine.submit(
        2, None, 2.0, [(0, "rejected")] * (process == "retry"), [], [], (True, lists), False
    )
    if process == "dispatch 1":
        return machine
    do(machine, "dispatch 1")
    if "give up 0" in (process, other):
        machine.dead.append(machine.inbox[0])
    if process in {"finalize 0", "retry"}:
        for _ in range(2):
            do(machine, "deliver 0")
    if process == "retry":
        for _ in range(2):
            do(machine, "finalize 0")
    return machine


def do(machine: BatchStateMachine, name: str, *faults: InjectedFault) -> None:
    machine.do(machine.menu()[name], list(faults))


def injected(process: str, fault: InjectedFault) -> list[FaultKind]:
    """What came of the strike; whatever it did, all is well after it."""
    machine = ready_for(process, str(fault.who))
    do(machine, process, fault)
    machine.check()
    machine.teardown()
    return machine.injector.injected


@cache
def calls(process: str) -> range:
    """Every call the process makes when nothing is in its way, and one more."""
    made = (
        n for n in range(MAX_CALLS) if not injected(process, InjectedFault(n, FaultKind.OVERTAKE))
    )
    return range(next(made) + 1)


@pytest.mark.slow
@pytest.mark.parametrize("kind", [t for t in FaultKind if t is not FaultKind.OVERTAKE])
@pytest.mark.parametrize("process", OVERTAKERS)
def test_a_process_struck_at_any_call_loses_nothing(process: str, kind: FaultKind) -> None:
    for call in calls(process):
        injected(process, InjectedFault(call, kind))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("process", "other"), [(each, other) for each in OVERTAKERS for other in OVERTAKERS[each]]
)
def test_overtaken_and_killed_processes_lose_nothing(process: str, other: str) -> None:
    for call in calls(process):
        for dies_after in range(MAX_CALLS):
            fault = InjectedFault(call, FaultKind.OVERTAKE, other, dies_after)
            if FaultKind.KILL not in injected(process, fault):
                break
