"""What AWS itself says of the stack."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from imagebatch.structs import Struct


class AlarmAddress(StrEnum):
    NONE = "none"
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"


class Concurrency(Struct, frozen=True):
    """The account's Lambda quota in the region, and the part that no function has reserved."""

    limit: int
    unreserved: int


class StackFacts(Protocol):
    """Each method may raise UnavailableError, also if a permission is missing."""

    def queue_depth(self) -> Mapping[str, int]:
        """`visible`, `inFlight`, `delayed`, `deadLetter`."""
        ...

    def failed_finalizers(self, since: datetime) -> int: ...

    def alarm_address(self) -> AlarmAddress: ...

    def concurrency(self) -> Concurrency: ...
