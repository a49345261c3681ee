"""The places for live progress that are in use."""

from datetime import datetime
from typing import Protocol

from imagebatch.structs import Struct


class WatcherPlace(Struct, frozen=True):
    """A place that is free again after `until`, whatever happens to its holder."""

    number: int
    token: str
    until: datetime


class WatcherPlaces(Protocol):
    def acquire(
        self, owner: str, limit: int, now: datetime, until: datetime
    ) -> WatcherPlace | None:
        """Return one of the owner's `limit` places; None if all are in use. The write itself
        decides.
        """
        ...

    def release(self, owner: str, place: WatcherPlace) -> None:
        """No effect for a place that was released, or that another client took after it expired."""
        ...
