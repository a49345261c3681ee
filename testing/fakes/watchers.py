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
    def take(self, owner: str, most: int, now: datetime, until: datetime) -> WatcherPlace | None:
        with self._lock:
            taken = self.taken.setdefault(owner, {})
            for number in range(most):
                if number not in taken or taken[number].until < now:
                    taken[number] = WatcherPlace(number, f"{len(self.calls)}", until)
                    return taken[number]
        return None

    @faulty
    def give_back(self, owner: str, place: WatcherPlace) -> None:
        with self._lock:
            if self.taken[owner].get(place.number) == place:
                del self.taken[owner][place.number]
