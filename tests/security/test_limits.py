"""Limits of an owner on the deployed stack, with many callers at once: counted in the table."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from decimal import Decimal
from uuid import uuid4

import httpx
import pytest

from imagebatch.adapters.dynamodb import keys
from imagebatch.adapters.dynamodb.table import key_of
from imagebatch.usecases.idempotency import IN_PROGRESS_TTL
from testing.accounts import Accounts
from testing.batches import sheet
from testing.scenario import ask, until
from tests.security.conftest import MAX_ACTIVE_BATCHES, OWNER_BUDGET, Site

AT_ONCE = 10
"""Each request at the same moment is a process that the emulator starts."""
ROOM = 10
"""Batches that an owner may still have active; a third of the fewest callers, or more, has none."""
SHEETS = 5
SHEET = sheet("V70").encode()
MAX_ROWS, PLACES = 50, 5
"""The template's defaults; of ten event streams one owner has half."""
THROTTLED = b'{"message": "Service Unavailable"}'
"""The gateway's own answer for a function that has no free place."""


@pytest.fixture
def accounts(site: Site) -> Accounts:
    return Accounts(site.client("dynamodb"), site.stack["table"])


@pytest.fixture(params=[16, pytest.param(200, marks=pytest.mark.soak)])
def callers(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.fixture
def owner() -> str:
    """Nobody before."""
    return f"racer{uuid4().hex[:8]}"


@contextmanager
def undispatched(site: Site) -> Iterator[None]:
    """Batches that are accepted stay as they are meanwhile, so that none makes room."""
    client, name = site.client("lambda"), site.stack["functions"]["DispatcherFunction"]
    [mapping] = client.list_event_source_mappings(FunctionName=name)["EventSourceMappings"]
    client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=False)
    try:
        yield
    finally:
        client.update_event_source_mapping(UUID=mapping["UUID"], Enabled=True)


def at_once(calls: list[Callable[[], httpx.Response]]) -> Counter[int]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return Counter(answer.status_code for answer in pool.map(lambda call: call(), calls))


def patient(site: Site, owner: str) -> httpx.Client:
    client = site.as_(owner)
    client.timeout = httpx.Timeout(180)
    return client


def submit(api: httpx.Client, model: str = "V70") -> httpx.Response:
    """Retries while the table is too busy, as clients do: longer than a request that was cut off
    keeps its key in progress.
    """
    files = {"file": ("cars.csv", sheet(model).encode(), "text/csv")}
    key = {"Idempotency-Key": uuid4().hex}
    given_up = time.monotonic() + 4 * IN_PROGRESS_TTL.total_seconds()
    while True:
        answer = api.post("/api/car-batch", files=files, headers=key)
        if answer.status_code not in {409, 503} or time.monotonic() > given_up:
            return answer
        time.sleep(1)


def settled(site: Site, accounts: Accounts, owner: str) -> None:
    """Cancels all that the race has left, and waits for its end."""
    api = site.as_(owner)
    for batch in accounts.unfinished(owner):
        api.post(f"/api/v1/batch/{batch}/cancel")
    until("ended", lambda: not accounts.unfinished(owner))


def test_active_batches_hold_for_callers_at_once(
    site: Site, accounts: Accounts, owner: str, callers: int
) -> None:
    api, room = patient(site, owner), ROOM
    with undispatched(site), accounts.uncorrected(owner):
        accounts.set_places(owner, MAX_ACTIVE_BATCHES - room)
        answers = at_once([lambda: submit(api)] * callers)

        assert answers == {202: room, 429: callers - room}
        assert len(accounts.unfinished(owner)) == room
        assert accounts.places(owner) == MAX_ACTIVE_BATCHES
    settled(site, accounts, owner)
    # What was made up of the count may have been corrected by then.
    assert accounts.places(owner) in (0, MAX_ACTIVE_BATCHES - room)


def test_budget_for_seven_batches_takes_exactly_seven(
    site: Site, accounts: Accounts, owner: str, callers: int
) -> None:
    api = patient(site, owner)
    files = {"file": ("cars.csv", sheet("V70").encode(), "text/csv")}
    priced = ask(api, "POST", "/api/car-batch", 200, files=files, data={"dryRun": "true"})
    reserved = 2 * Decimal(priced["estimatedCost"])
    spent = OWNER_BUDGET - 7 * reserved
    with undispatched(site):
        accounts.set_spent(owner, spent)
        answers = at_once([lambda: submit(api)] * callers)

        assert answers == {202: 7, 402: callers - 7}
        assert len(accounts.unfinished(owner)) == 7
        assert accounts.money(owner) == OWNER_BUDGET
        told = ask(api, "GET", "/api/budget", 200)
        assert (told["left"], Decimal(told["reserved"])) == ("0.00", 7 * reserved)
    settled(site, accounts, owner)
    assert Decimal(ask(api, "GET", "/api/budget", 200)["reserved"]) == 0
    assert accounts.money(owner) <= OWNER_BUDGET


def test_dropped_sheets_wait_for_room_and_are_all_taken(
    site: Site, accounts: Accounts, owner: str
) -> None:
    s3, bucket = site.client("s3"), site.stack["bucket"]
    waiting = site.calls.script("count", "^SendMessage$", about=owner, times=SHEETS)
    with accounts.uncorrected(owner):
        accounts.set_places(owner, MAX_ACTIVE_BATCHES)
        for number in range(SHEETS):
            key = f"inbox/{owner}/{number}.csv"
            s3.put_object(Bucket=bucket, Key=key, Body=sheet(f"V{number}").encode())
        until("sent anew", lambda: waiting.fired == SHEETS)
        assert accounts.unfinished(owner) == []
        accounts.set_places(owner, 0)
        done = {f"outbox/{owner}/{number}.zip" for number in range(SHEETS)}

        def listed() -> set[str]:
            found = s3.list_objects_v2(Bucket=bucket, Prefix=f"outbox/{owner}/")
            return {each["Key"] for each in found.get("Contents", [])}

        until("taken", lambda: done <= listed())
    assert not [key for key in listed() if key.endswith(".error.json")]
    assert len(site.as_(owner).get("/api/v1/batch").json()["items"]) == SHEETS


def test_rows_over_the_limit_reach_no_table(
    site: Site, accounts: Accounts, owner: str, callers: int
) -> None:
    """A limit of the request alone: it is the same for each of many at once."""
    api = patient(site, owner)
    rows = [f"V{number}" for number in range(MAX_ROWS + 1)]
    files = {"file": ("cars.csv", sheet(*rows).encode(), "text/csv")}
    answers = at_once([lambda: api.post("/api/car-batch", files=files)] * callers)

    assert answers.keys() - {503} == {400}
    assert accounts.unfinished(owner) == []
    assert api.get("/api/v1/batch").json()["items"] == []


def test_sheets_dropped_at_once_take_the_room_there_is(
    site: Site, accounts: Accounts, owner: str, callers: int
) -> None:
    s3, bucket, room = site.client("s3"), site.stack["bucket"], ROOM
    names = [f"inbox/{owner}/{number}.csv" for number in range(callers)]
    # The sheets that are taken send a message, too, but to another queue.
    waiting = site.calls.script(
        "count", "^SendMessage$", about=owner, having="IntakeQueue", times=callers - room
    )
    with undispatched(site), accounts.uncorrected(owner):
        accounts.set_places(owner, MAX_ACTIVE_BATCHES - room)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(lambda key: s3.put_object(Bucket=bucket, Key=key, Body=SHEET), names))
        until("all but those wait", lambda: waiting.fired == callers - room, seconds=240)

        assert len(accounts.unfinished(owner)) == room
        assert accounts.places(owner) == MAX_ACTIVE_BATCHES
        assert not s3.list_objects_v2(Bucket=bucket, Prefix=f"outbox/{owner}/").get("Contents")
        # A sheet that is gone when its turn comes is none.
        s3.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key} for key in names]})
    settled(site, accounts, owner)


def test_event_streams_leave_places_to_other_owners(site: Site, owner: str, callers: int) -> None:
    api, other = patient(site, owner), patient(site, f"{owner}-other")
    with undispatched(site):
        batches = {client: submit(client).json()["jobId"] for client in (api, other)}
        taken = TakenPlaces(site, owner)
        # With the other's, as many as the function has places.
        with ThreadPoolExecutor(2 * PLACES - 1) as pool:
            watchers = [pool.submit(watch, api, batches[api]) for _ in range(callers)]
            until("all places are taken", lambda: taken.now() == PLACES)
            assert watch(other, batches[other]) == 200, "half of all places are left to others"
            answers = Counter(watcher.result() for watcher in watchers)
        assert taken.most <= PLACES
        assert answers.keys() == {200, 429}
        assert answers[429] >= callers // 2
        assert taken.now() == 0
    for client, batch in batches.items():
        client.post(f"/api/v1/batch/{batch}/cancel")


def watch(api: httpx.Client, batch: str) -> int:
    """Waits for what comes after all that has happened. Comes again, as an EventSource does, when
    the gateway finds no place: that of an answer is free only a moment after it has arrived.
    """
    path = f"/api/v1/batch/{batch}/progress"
    while True:
        answer = api.get(path, headers={"Last-Event-ID": "0"})
        if answer.content != THROTTLED:
            return answer.status_code


class TakenPlaces:
    """Of an owner's event streams, as the table has them."""

    def __init__(self, site: Site, owner: str) -> None:
        self.table, self.client = site.stack["table"], site.client("dynamodb")
        self.key, self.most = key_of(keys.watchers(owner)), 0

    def now(self) -> int:
        found = self.client.get_item(TableName=self.table, Key=self.key, ConsistentRead=True)
        count = sum(name.startswith("place") for name in found.get("Item", {}))
        self.most = max(self.most, count)
        return count
