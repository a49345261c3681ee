"""How much Lambda concurrency the account allows a stack to reserve."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

UNRESERVED = 100
"""AWS keeps this much for functions without a reservation; everything if the quota is smaller."""

RESERVATIONS = ("ReservedConcurrency", "ProgressConcurrency")


@dataclass(frozen=True, slots=True)
class Concurrency:
    quota: int
    unreserved: int
    own: int = 0
    """The concurrency that the deployed stack has already reserved."""

    def allows(self, reserved: int) -> bool:
        return self.unreserved + self.own - reserved >= min(UNRESERVED, self.quota)


def concurrency(client: Any, deployed: Mapping[str, str]) -> Concurrency:
    limits = client.get_account_settings()["AccountLimit"]
    return Concurrency(
        quota=int(limits["ConcurrentExecutions"]),
        unreserved=int(limits["UnreservedConcurrentExecutions"]),
        own=sum(int(deployed.get(name) or 0) for name in RESERVATIONS),
    )


def reservations(
    account: Concurrency, wanted: Mapping[str, str], given: Mapping[str, str]
) -> tuple[dict[str, str], str]:
    """Return the reservations to deploy with, and the messages about them. Given ones are kept.

    `wanted` has every parameter of the template, with the value that this deploy would set.
    """
    workers, watchers = wanted["WorkerConcurrency"], wanted["ProgressConcurrency"]
    full = dict(zip(RESERVATIONS, (workers, watchers), strict=True))
    chosen = {name: given.get(name, value) for name, value in full.items()}
    needed = sum(int(value) for value in chosen.values())
    if account.allows(needed):
        worker, progress = chosen.values()
        return chosen, f"reserved concurrency: worker {worker}, live progress {progress}"
    return {**dict.fromkeys(full, "0"), **chosen_by_hand(given)}, (
        "reserved concurrency: none by default. "
        f"Of this account's quota of {account.quota}, {account.unreserved} are unreserved, and AWS "
        f"keeps {min(UNRESERVED, account.quota)} of them so; {needed} were wanted. The item queue "
        f"still runs at most {workers} workers at once."
    )


def chosen_by_hand(given: Mapping[str, str]) -> dict[str, str]:
    return {name: given[name] for name in RESERVATIONS if name in given}


def left_out(deployed: Mapping[str, str]) -> set[str]:
    """The reservations that an earlier deploy omitted and that are still wanted."""
    return {name for name in RESERVATIONS if deployed.get(name) == "0"}


def deployed_parameters(client: Any, stack: str) -> dict[str, str]:
    """The parameters of the deployed stack, or none if there is no such stack."""
    try:
        [found] = client.describe_stacks(StackName=stack)["Stacks"]
    except client.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return {}
        raise
    if found["StackStatus"] == "REVIEW_IN_PROGRESS":
        return {}
    return {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])}
