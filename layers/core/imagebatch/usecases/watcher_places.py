"""Keeps one owner from using every place of live progress."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import timedelta

from imagebatch.domain.errors import ConflictError, TooManyRequestsError, UnavailableError
from imagebatch.ports.clock import Clock
from imagebatch.ports.watchers import WatcherPlaces
from imagebatch.structs import Struct

RETRY_AFTER_SECONDS = 5


class HoldPlace(Struct, frozen=True):
    """`limit` places per owner; None if one owner may use them all, and nothing is written."""

    places: WatcherPlaces
    clock: Clock
    limit: int | None

    @contextmanager
    def __call__(self, owner: str, seconds: float) -> Iterator[None]:
        """Hold a place, for `seconds` at most. TooManyRequestsError if none is left."""
        if self.limit is None:
            yield
            return
        now = self.clock.now()
        place = self.places.acquire(owner, self.limit, now, now + timedelta(seconds=seconds))
        if place is None:
            raise _refused(self.limit)
        try:
            yield
        finally:
            # It expires by itself: the stream does not depend on its release.
            with suppress(ConflictError, UnavailableError):
                self.places.release(owner, place)


def _refused(limit: int) -> TooManyRequestsError:
    return TooManyRequestsError(
        "too-many-watchers",
        "Too many event streams",
        detail=f"You have {limit} event streams open; no more are served at the same time. "
        "Poll the batch's status, or close a stream and try again.",
        retry_after=RETRY_AFTER_SECONDS,
    )
