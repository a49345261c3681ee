"""The finalizer's state machine, as its file says it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.template.rendering import Rendered

FOLDER = Path(__file__).parents[2] / "functions" / "finalizer"
MACHINE = json.loads((FOLDER / "finalizer.asl.json").read_text())


def states(machine: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All states, those of branches too: a name stands for one in the whole machine."""
    for name, state in machine["States"].items():
        yield name, state
        for branch in state.get("Branches", []):
            yield from states(branch)


STATES = dict(states(MACHINE))
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}


def path(start: str) -> Iterator[str]:
    """The states of the path on which nothing goes wrong."""
    while True:
        yield start
        state = STATES[start]
        if "Next" not in state and "Default" not in state:
            return
        start = state.get("Next") or state["Default"]


def branches() -> list[list[str]]:
    return [[*path(branch["StartAt"])] for branch in STATES["Afterwards"]["Branches"]]


def test_archive_is_built_published_notified_and_deleted() -> None:
    assert [*path(MACHINE["StartAt"])] == ["Build", "Built", "Publish", "Afterwards"]
    assert branches() == [["Notify"], ["Wait", "Delete", "Expire"]]
    assert STATES["Wait"]["TimestampPath"] == "$.archive.expiresAt"
    assert STATES["Publish"]["ResultPath"] == "$.archive"


def test_publishing_puts_out_the_presigned_url() -> None:
    assert STATES["Publish"]["ResultSelector"]["zipUrl.$"] == "$.Payload.zipUrl"


def test_publishing_is_handed_what_the_build_answered() -> None:
    assert STATES["Publish"]["Parameters"]["Payload"]["built.$"] == "$.build.answer"


def test_a_build_that_is_not_done_is_continued() -> None:
    [choice] = STATES["Built"]["Choices"]

    assert choice["Next"] == "Build"
    assert {"Variable": "$.build.answer.done", "BooleanEquals": False} in choice["And"]


@pytest.mark.parametrize("name", TASKS)
def test_every_step_has_its_round_and_no_owner(name: str) -> None:
    """That its function knows each step, `tests/functions/test_finalizer_steps.py` shows."""
    payload = TASKS[name]["Parameters"]["Payload"]

    assert payload["step"]
    assert {"batchId.$", "round.$", "attempt.$"} <= payload.keys()
    assert not [name for name in payload if "owner" in name]


@pytest.mark.parametrize("name", TASKS)
def test_every_step_is_retried_with_backoff(name: str) -> None:
    last = TASKS[name]["Retry"][-1]

    assert last["ErrorEquals"] == ["States.ALL"]
    assert last["MaxAttempts"] >= 3
    assert last["BackoffRate"] > 1


@pytest.mark.parametrize("name", TASKS)
def test_a_step_outlasts_the_function_it_waits_for(production: Rendered, name: str) -> None:
    assert TASKS[name]["TimeoutSeconds"] > production["FinalizerFunction"]["Timeout"]


@pytest.mark.parametrize("name", ["Build", "Publish"])
def test_failed_build_gives_up_and_fails_the_execution(name: str) -> None:
    assert [each["Next"] for each in TASKS[name]["Catch"]] == ["GiveUp"]
    assert STATES[[*path("GiveUp")][-1]]["Type"] == "Fail"


def test_no_two_states_have_the_same_name() -> None:
    assert len([*states(MACHINE)]) == len(STATES)


def test_unresponsive_receiver_does_not_delay_the_deletion() -> None:
    """A branch that failed would stop the one beside it."""
    assert [each["Next"] for each in TASKS["Notify"]["Catch"]] == ["StopNotifying"]
    assert [each["Next"] for each in TASKS["StopNotifying"]["Catch"]] == ["NotNotified"]
    assert STATES["NotNotified"]["Type"] == "Succeed"


def seconds_of_retries(name: str) -> float:
    """How long after the first try the last one is, at most."""
    retry = TASKS[name]["Retry"][-1]
    first, rate, most = (
        retry[key] for key in ("IntervalSeconds", "BackoffRate", "MaxDelaySeconds")
    )
    return sum(min(most, first * rate**count) for count in range(retry["MaxAttempts"]))


def test_receiver_is_retried_for_half_a_day() -> None:
    assert 12 * 3600 < seconds_of_retries("Notify") < 24 * 3600


def test_receiver_does_not_delay_the_failure_alarm() -> None:
    assert seconds_of_retries("NotifyOfFailure") < 20 * 60
    assert STATES["GiveUp"]["Next"] == "NotifyOfFailure"
    assert [*path("NotifyOfFailure")] == ["NotifyOfFailure", "GaveUp"]
    assert [*path("StopNotifyingOfFailure")] == ["StopNotifyingOfFailure", "GaveUp"]


@pytest.mark.parametrize("name", ["Publish", "GiveUp"])
def test_webhook_payload_is_fixed_at_round_end(name: str) -> None:
    assert STATES[name]["ResultSelector"]["notice.$"] == "$.Payload.notice"
    assert STATES[name]["ResultPath"] == "$.archive"
    for told in ("Notify", "NotifyOfFailure", "StopNotifying", "StopNotifyingOfFailure"):
        assert TASKS[told]["Parameters"]["Payload"]["notice.$"] == "$.archive.notice"


def test_every_placeholder_is_filled_in_by_the_template(production: Rendered) -> None:
    placeholders = set(re.findall(r"\$\{(\w+)\}", json.dumps(MACHINE)))

    assert placeholders == production["FinalizerStateMachine"]["DefinitionSubstitutions"].keys()
    assert production["FinalizerStateMachine"]["Type"] == "STANDARD"
