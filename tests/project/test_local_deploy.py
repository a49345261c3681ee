"""What a failed deploy into the emulator says."""

from typing import Any

import pytest
from botocore.exceptions import WaiterError

from local import deploy

EVENTS = [
    {"LogicalResourceId": "Late", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "b"},
    {"LogicalResourceId": "Fine", "ResourceStatus": "CREATE_COMPLETE"},
    {"LogicalResourceId": "Table", "ResourceStatus": "CREATE_FAILED", "ResourceStatusReason": "a"},
]


class RefusingCloudFormation:
    """Creates no stack, as a change set that fails and a resource that cannot be made."""

    def get_waiter(self, _: str) -> "RefusingCloudFormation":
        return self

    def wait(self, **_: Any) -> None:
        raise WaiterError("Waiter", "terminal failure", {"StatusReason": "no such export"})

    def describe_stack_events(self, **_: str) -> dict[str, Any]:
        return {"StackEvents": EVENTS}


def test_a_failed_stack_says_why_first_reason_first() -> None:
    with pytest.raises(RuntimeError) as refused:
        deploy._wait(RefusingCloudFormation(), "stack_create_complete", "imagebatch")
    lines = str(refused.value).splitlines()
    assert lines[0] == "the stack imagebatch was not created:"
    assert lines[-3:] == ["no such export", "Table: a", "Late: b"]
