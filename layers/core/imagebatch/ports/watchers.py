"""Which places of live progress are taken."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class WatcherPlace:
    """A place that is free again after `until`, whatever has become of its holder."""

    number: int
    token: str
    until: datetime


class WatcherPlaces(Protocol):
    def take(self, owner: str, most: int, now: datetime, until: datetime) -> WatcherPlace | None:
        """One of the owner's `most` places; None when all are taken. The write itself decides."""
        ...

    def give_back(self, owner: str, place: WatcherPlace) -> None:
        """Does nothing for a place that was given back, or that somebody took after its time."""
        ...
