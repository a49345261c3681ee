"""Reservations as far as the account's quota allows them."""

import pytest

from deploy.__main__ import DeployError, architecture_of
from deploy.account import Concurrency, left_out, reservations

DEFAULTS = {"WorkerConcurrency": "3", "ProgressConcurrency": "10", "ReservedConcurrency": "3"}
FULL = {"ReservedConcurrency": "3", "ProgressConcurrency": "10"}
NONE = {"ReservedConcurrency": "0", "ProgressConcurrency": "0"}


@pytest.mark.parametrize(
    ("account", "chosen"),
    [
        (Concurrency(quota=1000, unreserved=1000), FULL),
        (Concurrency(quota=1000, unreserved=113), FULL),
        (Concurrency(quota=1000, unreserved=112), NONE),
        (Concurrency(quota=1000, unreserved=100, own=13), FULL),
        (Concurrency(quota=10, unreserved=10), NONE),
        (Concurrency(quota=50, unreserved=50), NONE),
    ],
)
def test_reservations_are_taken_where_the_quota_allows_them(
    account: Concurrency, chosen: dict[str, str]
) -> None:
    taken, remark = reservations(account, DEFAULTS, {})

    assert taken == chosen
    assert ("worker 3, live progress 10" in remark) is (chosen == FULL)
    assert (f"quota of {account.quota}" in remark) is (chosen == NONE)


def test_the_workers_reservation_follows_their_number() -> None:
    wanted = {**DEFAULTS, "WorkerConcurrency": "20"}

    taken, _ = reservations(Concurrency(1000, 1000), wanted, {"WorkerConcurrency": "20"})

    assert taken["ReservedConcurrency"] == "20"


def test_a_reservation_given_by_hand_is_kept() -> None:
    given = {"ReservedConcurrency": "0"}

    assert reservations(Concurrency(1000, 1000), DEFAULTS, given)[0] == {**FULL, **given}
    assert reservations(Concurrency(10, 10), DEFAULTS, FULL)[0] == FULL


def test_what_an_earlier_deploy_left_out_is_wanted_again() -> None:
    assert left_out({**NONE, "MaxRows": "50"}) == NONE.keys()
    assert left_out(FULL) == set()


@pytest.mark.parametrize(
    ("given", "deployed", "environment", "architecture"),
    [
        ({}, {}, {}, "arm64"),
        ({}, {"Architecture": "x86_64"}, {}, "x86_64"),
        ({"Architecture": "arm64"}, {"Architecture": "x86_64"}, {}, "arm64"),
        ({}, {"Architecture": "x86_64"}, {"ARCHITECTURE": "arm64"}, "arm64"),
    ],
)
def test_the_architecture_asked_for_wins(
    given: dict[str, str], deployed: dict[str, str], environment: dict[str, str], architecture: str
) -> None:
    assert architecture_of(given, deployed, environment) == architecture


@pytest.mark.parametrize(
    ("given", "environment"),
    [
        ({"Architecture": "arm64"}, {"ARCHITECTURE": "x86_64"}),
        ({}, {"ARCHITECTURE": "aarch64"}),
    ],
)
def test_an_unclear_architecture_is_refused(
    given: dict[str, str], environment: dict[str, str]
) -> None:
    with pytest.raises(DeployError, match="ARCHITECTURE"):
        architecture_of(given, {}, environment)
