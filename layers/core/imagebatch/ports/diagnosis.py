"""What operators want to know of a stack before they trust it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class ProviderAccount(Protocol):
    def check(self) -> None:
        """One free request with the configured key. Raises the ProviderError family."""
        ...


@dataclass(frozen=True, slots=True)
class Refusal:
    """A provider's last refusal for want of credit or for too high a rate, in its words."""

    reason: str
    at: datetime


class RefusalLog(Protocol):
    def note(self, provider: str, refusal: Refusal) -> None: ...

    def clear(self, provider: str) -> None:
        """A create was accepted since."""
        ...

    def last(self, provider: str) -> Refusal | None: ...


class AlarmAddress(StrEnum):
    NONE = "none"
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"


@dataclass(frozen=True, slots=True)
class Concurrency:
    """Lambda's quota of the account in the region, and what no function has reserved of it."""

    limit: int
    unreserved: int


class StackFacts(Protocol):
    """Each may raise UnavailableError, also where a permission is missing."""

    def queue_depth(self) -> Mapping[str, int]:
        """`visible`, `inFlight`, `delayed`, `deadLetter`."""
        ...

    def failed_finalizers(self, since: datetime) -> int: ...

    def alarm_address(self) -> AlarmAddress: ...

    def concurrency(self) -> Concurrency: ...
