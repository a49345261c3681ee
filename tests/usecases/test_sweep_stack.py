"""The scheduled sweep runs its four repairs and counts what they did."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import Mock

import pytest

from imagebatch.domain.errors import UnavailableError
from imagebatch.usecases.sweep_stack import SweepStack, Swept
from testing.app_harness import AppHarness
from testing.fakes.telemetry import SilentTelemetry


def sweep(*, repair: Any) -> tuple[SweepStack, SilentTelemetry]:
    telemetry, accounts = SilentTelemetry(), Mock(return_value=[])
    return SweepStack(
        repair, accounts, _while_allowed("b2", "b3"), _while_allowed("e1"), telemetry
    ), telemetry


def _while_allowed(*ids: str) -> Any:
    return lambda keep_going: ids if keep_going() else ()


def test_the_sweep_counts_and_logs_its_repairs(app: AppHarness) -> None:
    batch = app.submit(1)
    swept, telemetry = sweep(repair=lambda: [batch])

    assert swept(lambda: True) == Swept(repaired=1, deleted=2, erased=1)
    assert telemetry.notes == ["repaired b1", "batch deleted", "batch deleted", "owner erased"]
    assert swept(lambda: False) == Swept(repaired=1, deleted=0, erased=0)


def test_deletions_run_although_a_repair_fails(app: AppHarness) -> None:
    def fail() -> Iterator[Any]:
        yield app.submit(1)
        raise UnavailableError("no table")

    swept, telemetry = sweep(repair=fail)

    with pytest.raises(UnavailableError):
        swept(lambda: True)
    assert telemetry.notes == ["repaired b1", "batch deleted", "batch deleted", "owner erased"]
