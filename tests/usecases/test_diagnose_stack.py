"""What `imagebatch doctor` finds, over facts that a test makes up."""

from collections.abc import Mapping
from copy import replace
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from imagebatch.domain.errors import (
    ProviderAuthError,
    ProviderUnavailableError,
    UnavailableError,
)
from imagebatch.ports.provider_account import ProviderAccount
from imagebatch.ports.refusal_log import Refusal, RefusalLog
from imagebatch.ports.stack_facts import AlarmAddress, Concurrency, StackFacts
from imagebatch.usecases.diagnose_stack import DiagnoseStack, Finding, Health

QUOTA = Concurrency(1000, 987)
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


class Clock:
    def now(self) -> datetime:
        return NOW

    def sleep(self, seconds: float) -> None: ...


@dataclass
class Account(ProviderAccount):
    error: Exception | None = None

    def check(self) -> None:
        if self.error:
            raise self.error


@dataclass
class Facts(StackFacts):
    dead: int = 0
    failed: int = 0
    address: AlarmAddress = AlarmAddress.CONFIRMED
    quota: Concurrency = QUOTA
    broken: bool = False

    def queue_depth(self) -> Mapping[str, int]:
        return {"visible": 2, "inFlight": 1, "delayed": 0, "deadLetter": self.dead}

    def failed_finalizers(self, since: datetime) -> int:
        assert since == NOW - timedelta(days=1)
        if self.broken:
            raise UnavailableError("the state machine answered AccessDeniedException")
        return self.failed

    def alarm_address(self) -> AlarmAddress:
        return self.address

    def concurrency(self) -> Concurrency:
        return self.quota


@dataclass
class Log(RefusalLog):
    kept: dict[str, Refusal] = field(default_factory=dict)

    def note(self, provider: str, refusal: Refusal) -> None:
        self.kept[provider] = refusal

    def clear(self, provider: str) -> None:
        self.kept.pop(provider, None)

    def last(self, provider: str) -> Refusal | None:
        return self.kept.get(provider)


def findings(
    facts: Facts | None = None, account: Account | None = None, refusal: Refusal | None = None
) -> dict[str, Finding]:
    accounts = {"replicate": account or Account()}
    log = Log({"replicate": refusal} if refusal else {})
    found = DiagnoseStack(accounts, log, facts or Facts(), Clock(), workers=3)()
    return {finding.check: finding for finding in found}


def test_healthy_stack_has_no_advice() -> None:
    found = findings()
    unknown = {name for name, finding in found.items() if finding.health is Health.UNKNOWN}
    assert unknown == {"replicate credit"}
    assert {f.health for f in found.values()} == {Health.OK, Health.UNKNOWN}
    assert not any(finding.advice for finding in found.values())


@pytest.mark.parametrize(
    ("facts", "account", "check", "health", "words"),
    [
        ({}, Account(ProviderAuthError("no")), "replicate key", "problem", "Rotate a provider"),
        ({}, Account(ProviderUnavailableError("x")), "replicate key", "unknown", "again later"),
        ({"dead": 2}, None, "queues", "problem", "Redrive dead letters"),
        ({"failed": 1}, None, "finalizer", "problem", "retry the failed batches"),
        ({"broken": True}, None, "finalizer", "unknown", "again later"),
        ({"address": AlarmAddress.UNCONFIRMED}, None, "alarm address", "problem", "link"),
        ({"address": AlarmAddress.NONE}, None, "alarm address", "warning", "AlarmEmail="),
        ({"quota": Concurrency(10, 7)}, None, "concurrency", "warning", "higher Lambda"),
    ],
)
def test_each_fault_is_found_with_advice(
    facts: dict[str, object], account: Account | None, check: str, health: str, words: str
) -> None:
    found = findings(replace(Facts(), **facts), account)  # type: ignore[arg-type] # by the table
    assert found[check].health == health
    assert words in found[check].advice
    assert {f.health for name, f in found.items() if name != check} <= {"ok", "unknown"}


@pytest.mark.parametrize(
    ("limit", "unreserved", "reserved", "health"),
    [
        (1000, 987, 13, "ok"),
        (113, 100, 13, "ok"),  # ours is what is not unreserved
        (1000, 1000, 0, "ok"),
        (1000, 100, 0, "warning"),  # others have reserved the rest
        (10, 10, 0, "warning"),
    ],
)
def test_own_reservation_is_the_workers_own(
    limit: int, unreserved: int, reserved: int, health: str
) -> None:
    facts = Facts(quota=Concurrency(limit, unreserved))
    found = DiagnoseStack({}, Log(), facts, Clock(), workers=3, reserved=reserved)()
    [concurrency] = [each for each in found if each.check == "concurrency"]
    assert concurrency.health == health


def test_last_refusal_tells_of_credit() -> None:
    refusal = Refusal("Replicate rate-limited the request (429).", NOW)
    found = findings(refusal=refusal)["replicate credit"]
    assert found.health is Health.WARNING
    assert found.message == "Replicate rate-limited the request (429). (2026-11-25 12:00 UTC)"
    assert "6 images a minute below 5 USD" in found.advice


def test_without_providers_development_mode_is_said() -> None:
    found = DiagnoseStack({}, Log(), Facts(), Clock(), workers=3)()
    assert "development mode" in found[0].message
    assert found[0].health is Health.OK


def test_further_checks_are_appended() -> None:
    extra = Finding("models", Health.PROBLEM, "One is gone.", "Choose another.")
    found = DiagnoseStack({}, Log(), Facts(), Clock(), workers=3, more=[lambda: [extra]])()
    assert found[-1] == extra
