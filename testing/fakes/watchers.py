from datetime import datetime
from threading import Lock

from imagebatch.ports.watchers import WatcherPlace, WatcherPlaces
from testing.fakes.faults import Faults, faulty


class InMemoryWatcherPlaces(Faults, WatcherPlaces):
    """`taken` holds each owner's places by their numbers."""

    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self.taken: dict[str, dict[int, WatcherPlace]] = {}

    @faulty
    def acquire(
        self, owner: str, limit: int, now: datetime, until: datetime
    ) -> WatcherPlace | None:
        with self._lock:
            taken = self.taken.setdefault(owner, {})
            for number in range(limit):
                if number not in taken or taken[number].until < now:
                    taken[number] = WatcherPlace(number, f"{len(self.calls)}", until)
                    return taken[number]
        return None

    @faulty
    def release(self, owner: str, place: WatcherPlace) -> None:
        with self._lock:
            if self.taken[owner].get(place.number) == place:
                del self.taken[owner][place.number]
