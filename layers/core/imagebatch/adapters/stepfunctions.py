"""The state machine that builds, publishes and later deletes an archive."""

import json
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from imagebatch.adapters.aws import error_code, translate_errors
from imagebatch.ports.finalizer import Execution, Finalizer

if TYPE_CHECKING:
    from mypy_boto3_stepfunctions import SFNClient

_NOT_ENDED = {"RUNNING", "PENDING_REDRIVE"}
ALREADY_ENDED = "ValidationException"
"""Possible error codes when stopping an execution that has ended."""


class StepFunctionsFinalizer(Finalizer):
    """`ports.Finalizer`. An execution's name identifies its purpose, so a second start is
    harmless.
    """

    def __init__(self, client: "SFNClient", state_machine_arn: str) -> None:
        self._client = client
        self._arn = state_machine_arn

    def start(
        self,
        owner: str,  # noqa: ARG002 - an execution's history is kept for 90 days: it names no owner
        batch_id: str,
        round_: int,
        attempt: int,
    ) -> None:
        request = {"batchId": batch_id, "round": round_, "attempt": attempt}
        with translate_errors("finalizer"):
            try:
                self._client.start_execution(
                    stateMachineArn=self._arn,
                    name=_name(batch_id, round_, attempt),
                    input=json.dumps(request),
                )
            except ClientError as error:
                if error_code(error) != "ExecutionAlreadyExists":
                    raise

    def stop(self, batch_id: str, round_: int, attempt: int) -> bool:
        arn = self._execution(batch_id, round_, attempt)
        with translate_errors("finalizer"):
            try:
                self._client.stop_execution(executionArn=arn)
            except ClientError as error:
                if error_code(error) == "ExecutionDoesNotExist":
                    return False
                if error_code(error) != ALREADY_ENDED:
                    raise
        return True

    def state(self, batch_id: str, round_: int, attempt: int) -> Execution:
        arn = self._execution(batch_id, round_, attempt)
        with translate_errors("finalizer"):
            try:
                status = self._client.describe_execution(executionArn=arn)["status"]
            except ClientError as error:
                if error_code(error) != "ExecutionDoesNotExist":
                    raise
                return Execution.UNKNOWN
        return Execution.RUNNING if status in _NOT_ENDED else Execution.ENDED

    def _execution(self, batch_id: str, round_: int, attempt: int) -> str:
        executions = self._arn.replace(":stateMachine:", ":execution:")
        return f"{executions}:{_name(batch_id, round_, attempt)}"


def _name(batch_id: str, round_: int, attempt: int) -> str:
    return f"{batch_id}-{round_}-{attempt}"
