import json
from collections.abc import Callable
from typing import Any

import pytest

from imagebatch.adapters.aws import Clients
from imagebatch.adapters.stepfunctions import StepFunctionsFinalizer
from imagebatch.domain.errors import UnavailableError
from imagebatch.ports.finalizer import Execution, Finalizer
from testing.awsfaults import refuse
from testing.fakes import InMemoryFinalizer

MACHINE = {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
ROLE = "arn:aws:iam::123456789012:role/finalizer"


@pytest.fixture
def machine(clients: Clients) -> str:
    return clients.stepfunctions.create_state_machine(
        name="finalizer", definition=json.dumps(MACHINE), roleArn=ROLE
    )["stateMachineArn"]


type Case = tuple[Finalizer, Callable[[str], object]]


@pytest.fixture(params=["memory", "stepfunctions"])
def case(request: pytest.FixtureRequest) -> Case:
    """A finalizer, and how to end the execution of a name."""
    if request.param == "memory":
        fake = InMemoryFinalizer()
        return fake, lambda name: fake.end(*parts(name))
    client = request.getfixturevalue("clients").stepfunctions
    machine = request.getfixturevalue("machine")

    def stop(name: str) -> None:
        executions = client.list_executions(stateMachineArn=machine)["executions"]
        [arn] = [each["executionArn"] for each in executions if each["name"] == name]
        client.stop_execution(executionArn=arn)

    return StepFunctionsFinalizer(client, machine), stop


def parts(name: str) -> tuple[str, int, int]:
    batch_id, round_, attempt = name.rsplit("-", 2)
    return batch_id, int(round_), int(attempt)


@pytest.mark.slow
def test_an_execution_that_was_never_started_is_unknown(case: Case) -> None:
    finalizer, _ = case
    assert finalizer.state("b1", 1, 1) is Execution.UNKNOWN


def test_a_started_execution_runs_until_it_ends(case: Case) -> None:
    finalizer, end = case
    finalizer.start("ann", "b1", 1, 1)
    assert finalizer.state("b1", 1, 1) is Execution.RUNNING
    end("b1-1-1")
    assert finalizer.state("b1", 1, 1) is Execution.ENDED


def test_starting_again_is_as_good_as_once(case: Case) -> None:
    finalizer, end = case
    finalizer.start("ann", "b1", 1, 1)
    finalizer.start("ann", "b1", 1, 1)
    end("b1-1-1")
    finalizer.start("ann", "b1", 1, 1)
    assert finalizer.state("b1", 1, 1) is Execution.ENDED


def test_every_round_and_attempt_has_its_own_execution(case: Case) -> None:
    finalizer, end = case
    finalizer.start("ann", "b1", 1, 1)
    end("b1-1-1")
    finalizer.start("ann", "b1", 1, 2)
    assert finalizer.state("b1", 1, 2) is Execution.RUNNING
    assert finalizer.state("b1", 2, 1) is Execution.UNKNOWN


def test_the_state_machine_is_told_what_to_finalize(clients: Clients, machine: str) -> None:
    client: Any = clients.stepfunctions
    StepFunctionsFinalizer(client, machine).start("auth0|1", "b1", 2, 3)
    [execution] = client.list_executions(stateMachineArn=machine)["executions"]
    described = client.describe_execution(executionArn=execution["executionArn"])
    assert described["name"] == "b1-2-3"
    # No owner: a history cannot be erased.
    assert json.loads(described["input"]) == {"batchId": "b1", "round": 2, "attempt": 3}


def test_a_finalizer_that_does_not_answer_is_unavailable(clients: Clients, machine: str) -> None:
    finalizer = StepFunctionsFinalizer(clients.stepfunctions, machine)
    refuse(clients.stepfunctions, "StartExecution", "ThrottlingException")
    with pytest.raises(UnavailableError):
        finalizer.start("ann", "b1", 1, 1)
    refuse(clients.stepfunctions, "DescribeExecution", "InternalFailure", status=500)
    with pytest.raises(UnavailableError):
        finalizer.state("b1", 1, 1)


def test_stopping_an_ended_execution_succeeds(clients: Clients, machine: str) -> None:
    finalizer = StepFunctionsFinalizer(clients.stepfunctions, machine)
    assert not finalizer.stop("b1", 1, 1)
    finalizer.start("ann", "b1", 1, 1)
    assert finalizer.stop("b1", 1, 1)
    refuse(clients.stepfunctions, "StopExecution", "ValidationException")
    assert finalizer.stop("b1", 1, 1)
