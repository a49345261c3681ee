"""The finalizer's state machine, as its file says it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.template.rendering import Rendered

FOLDER = Path(__file__).parents[2] / "functions" / "finalizer"
APP = (FOLDER / "app.py").read_text()
MACHINE = json.loads((FOLDER / "finalizer.asl.json").read_text())
STATES: dict[str, dict[str, Any]] = MACHINE["States"]
TASKS = {name: state for name, state in STATES.items() if state["Type"] == "Task"}


def path(start: str) -> Iterator[str]:
    """The states of the path on which nothing goes wrong."""
    while True:
        yield start
        state = STATES[start]
        if "Next" not in state and "Default" not in state:
            return
        start = state.get("Next") or state["Default"]


def test_an_archive_is_built_published_told_of_and_deleted_when_it_expires() -> None:
    assert [*path(MACHINE["StartAt"])] == [
        "Build",
        "Built",
        "Publish",
        "Notify",
        "Wait",
        "Delete",
        "Expire",
    ]
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
def test_every_step_is_told_its_round_and_is_one_the_function_knows(name: str) -> None:
    payload = TASKS[name]["Parameters"]["Payload"]
    known = re.findall(r'^\s+"(\w+)": (?:finalize|lambda)', APP, re.MULTILINE)

    assert payload["step"] in known
    assert {"owner.$", "batchId.$", "round.$", "attempt.$"} <= payload.keys()


@pytest.mark.parametrize("name", TASKS)
def test_every_step_is_tried_again_with_longer_and_longer_pauses(name: str) -> None:
    last = TASKS[name]["Retry"][-1]

    assert last["ErrorEquals"] == ["States.ALL"]
    assert last["MaxAttempts"] >= 3
    assert last["BackoffRate"] > 1


@pytest.mark.parametrize("name", TASKS)
def test_a_step_outlasts_the_function_it_waits_for(production: Rendered, name: str) -> None:
    assert TASKS[name]["TimeoutSeconds"] > production["FinalizerFunction"]["Timeout"]


@pytest.mark.parametrize("name", ["Build", "Publish"])
def test_without_an_archive_the_batch_is_given_up_and_the_execution_fails(name: str) -> None:
    assert [each["Next"] for each in TASKS[name]["Catch"]] == ["GiveUp"]
    assert STATES[STATES["GiveUp"]["Next"]]["Type"] == "Fail"


def test_a_receiver_that_never_answers_does_not_keep_the_archive() -> None:
    assert [each["Next"] for each in TASKS["Notify"]["Catch"]] == ["Wait"]


def test_every_placeholder_is_filled_in_by_the_template(production: Rendered) -> None:
    placeholders = set(re.findall(r"\$\{(\w+)\}", json.dumps(MACHINE)))

    assert placeholders == production["FinalizerStateMachine"]["DefinitionSubstitutions"].keys()
    assert production["FinalizerStateMachine"]["Type"] == "STANDARD"
