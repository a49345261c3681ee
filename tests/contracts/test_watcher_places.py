from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from imagebatch.adapters.dynamodb.watchers import DynamoDBWatcherPlaces
from imagebatch.ports.watchers import WatcherPlace, WatcherPlaces
from testing.aws import TABLE, no_sleep
from testing.awsfaults import one_at_a_time
from testing.fakes.system import START
from testing.fakes.watchers import InMemoryWatcherPlaces

WATCHERS, MAX_PLACES = 200, 5
UNTIL = START + timedelta(seconds=29)
LATER = UNTIL + timedelta(seconds=1)


@pytest.fixture(params=["memory", "dynamodb"])
def places(request: pytest.FixtureRequest) -> WatcherPlaces:
    if request.param == "memory":
        return InMemoryWatcherPlaces()
    client = request.getfixturevalue("dynamodb")
    one_at_a_time(client)
    return DynamoDBWatcherPlaces(client, TABLE, sleep=no_sleep)


def take(places: WatcherPlaces, owner: str = "ann", limit: int = MAX_PLACES) -> WatcherPlace | None:
    return places.acquire(owner, limit, START, UNTIL)


def test_owner_has_so_many_places_and_no_more(places: WatcherPlaces) -> None:
    taken = [take(places) for _ in range(MAX_PLACES)]
    assert None not in taken
    assert take(places) is None
    assert take(places, "bob") is not None


def test_given_back_place_is_free(places: WatcherPlaces) -> None:
    place = take(places, limit=1)
    assert place is not None
    places.release("ann", place)
    places.release("ann", place)
    assert take(places, limit=1) is not None


def test_place_of_a_killed_function_frees_itself(places: WatcherPlaces) -> None:
    lost = take(places, limit=1)
    assert lost is not None
    assert places.acquire("ann", 1, UNTIL, LATER) is None
    anew = places.acquire("ann", 1, LATER, LATER + timedelta(seconds=29))
    assert anew is not None
    places.release("ann", lost)
    assert places.acquire("ann", 1, LATER, LATER) is None, "only its holder gives a place back"


@pytest.mark.slow
def test_places_hold_for_all_watchers_at_once(places: WatcherPlaces) -> None:
    with ThreadPoolExecutor(WATCHERS) as pool:
        taken = list(pool.map(lambda _: take(places), range(WATCHERS)))
    numbers = sorted(place.number for place in taken if place is not None)
    assert numbers == list(range(MAX_PLACES))


def test_watcher_costs_two_small_writes(dynamodb: Any) -> None:
    places = DynamoDBWatcherPlaces(dynamodb, TABLE, sleep=no_sleep)
    calls = count_calls(dynamodb)
    place = take(places)
    assert place is not None
    places.release("ann", place)
    assert calls() == ["UpdateItem", "UpdateItem"]
    [record] = dynamodb.scan(TableName=TABLE)["Items"]
    assert record.keys() == {"pk", "sk", "ttl"}


def count_calls(client: Any) -> Callable[[], list[str]]:
    seen: list[str] = []

    def note(model: Any, **_: Any) -> None:
        seen.append(model.name)

    client.meta.events.register("before-call.dynamodb.*", note)
    return lambda: list(seen)
