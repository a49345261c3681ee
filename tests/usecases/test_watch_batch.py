from datetime import timedelta

import pytest

from imagebatch.api.sse import after_of, stream
from imagebatch.domain.errors import FailureCode, TooManyRequestsError, UnavailableError
from imagebatch.ports.webhooks import Receipt
from imagebatch.settings import Settings
from imagebatch.usecases.watcher_places import HoldPlace
from testing.app_harness import OWNER, AppHarness
from tests.usecases.test_process_item import failed


class Watcher:
    """A client that reconnects with the last id it saw, as EventSource does."""

    def __init__(self, app: AppHarness) -> None:
        self.app, self.last, self.events, self.is_final = app, None, [], False

    def look(self) -> list[tuple[str, str, str]]:
        end = self.app.clock.now().timestamp() + 29
        left = lambda: end - self.app.clock.now().timestamp()  # noqa: E731
        news = self.app.watch(OWNER, "b1", after_of(self.last), left)
        if news is None:
            self.is_final = True
            return []
        text = stream(news, self.app.clock.now(), lambda key, *_: f"https://media/{key}")
        found = []
        for block in text.split("\n\n"):
            fields = dict(line.split(": ", 1) for line in block.splitlines() if ": " in line)
            if "event" in fields:
                found.append((fields["id"], fields["event"], fields["data"]))
                self.last = fields["id"]
        self.events += found
        return found


def names(events: list[tuple[str, str, str]]) -> list[str]:
    return [name for _, name, _ in events]


def test_first_read_returns_the_current_state(app: AppHarness) -> None:
    app.submit(3)
    assert names(Watcher(app).look()) == ["progress"]


def test_stream_has_every_change_once_and_the_end(app: AppHarness) -> None:
    app.provider.script("1", failed(FailureCode.CONTENT_REFUSED))
    watcher = Watcher(app)
    app.start(3)
    watcher.look()
    while app.queue.waiting:
        app.deliver()
        watcher.look()
    app.finish()
    watcher.look()
    settled = [d for _, name, d in watcher.events if name == "item" and '"processing"' not in d]
    assert len(settled) == 3
    assert names(watcher.events)[-1] == "completed"
    ids = [int(id_) for id_, _, _ in watcher.events]
    assert ids == sorted(set(ids))
    watcher.look()
    assert watcher.is_final


def test_reconnecting_stream_has_no_gaps_or_duplicates(app: AppHarness) -> None:
    watcher = Watcher(app)
    app.start(5)
    app.deliver()
    watcher.look()
    app.drain()
    app.finish()
    watcher.look()
    items = [data for _, name, data in watcher.events if name == "item"]
    assert len(items) == len(set(items)) == 5


def test_idle_wait_is_bounded_and_cheap(app: AppHarness) -> None:
    watcher = Watcher(app)
    app.start(3)
    watcher.look()
    before, started = app.store.calls["changes"], app.clock.now()
    assert watcher.look() == []
    waited = (app.clock.now() - started).total_seconds()
    assert 15 <= waited <= 25
    assert app.store.calls["changes"] - before <= waited + 2


def test_cancelled_items_are_told_though_nothing_touched_them(app: AppHarness) -> None:
    watcher = Watcher(app)
    app.start(4)
    app.deliver()
    watcher.look()
    app.cancel_batch(OWNER, "b1")
    watcher.look()
    assert sum('"cancelled"' in data for _, name, data in watcher.events if name == "item") == 3


def test_a_retry_opens_the_stream_again(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    watcher = Watcher(app)
    app.run(2)
    watcher.look()
    watcher.look()
    assert watcher.is_final
    app.retry_batch(OWNER, "b1")
    assert names(watcher.look()) == ["item", "progress"]
    app.dispatch_items(OWNER, "b1", 2)
    assert names(watcher.look()) == ["progress"]


def test_end_is_reported_once_despite_later_writes(app: AppHarness) -> None:
    watcher = Watcher(app)
    app.webhooks.answers = [Receipt.GONE]
    app.start(1, callback_url="https://shop.example/hook")
    app.drain()
    built = app.finalize.build(app.finalizer_run)
    published = app.finalize.publish(app.finalizer_run, built["archive"])
    while not watcher.is_final and names(watcher.events)[-1:] != ["completed"]:
        watcher.look()
    told = app.batch.version
    app.notify_owner.deliver(OWNER, "b1", published["notice"])
    assert app.batch.version == told + 1
    assert watcher.look() == []
    assert watcher.is_final
    app.clock.advance(6 * 3600 + 1)
    app.finalize.expire(app.finalizer_run)
    again = Watcher(app)
    again.last = watcher.last
    assert again.look() == []
    assert names(watcher.events).count("completed") == 1


def test_retry_is_reported_after_the_end(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    watcher = Watcher(app)
    app.run(2)
    while names(watcher.events)[-1:] != ["completed"]:
        watcher.look()
    app.retry_batch(OWNER, "b1")
    assert names(watcher.look())[-1] == "progress"


def test_only_a_watcher_that_waits_takes_a_place(app: AppHarness) -> None:
    app.start(1)
    app.watcher_places.fail_next("acquire", UnavailableError("not asked for"))
    watcher = Watcher(app)
    watcher.look()
    app.deliver()
    watcher.look()
    assert app.watcher_places.pending_faults == 1


def test_watcher_without_a_place_is_refused(app: AppHarness) -> None:
    app.start(1)
    watcher = Watcher(app)
    watcher.look()
    now = app.clock.now()
    held = [app.watcher_places.acquire(OWNER, 2, now, now + timedelta(hours=1)) for _ in range(2)]
    with pytest.raises(TooManyRequestsError) as refused:
        watcher.look()
    assert (refused.value.kind, refused.value.retry_after) == ("too-many-watchers", 5)
    app.watcher_places.release(OWNER, held[0])
    assert watcher.look() == []
    assert list(app.watcher_places.taken[OWNER]) == [1]


def test_place_is_given_back_whatever_happens(app: AppHarness) -> None:
    app.start(1)
    watcher = Watcher(app)
    watcher.look()
    app.store.fail_next("changes", UnavailableError("down"))
    with pytest.raises(UnavailableError):
        watcher.look()
    assert app.watcher_places.taken[OWNER] == {}
    app.watcher_places.fail_next("release", UnavailableError("down"))
    assert watcher.look() == []


@pytest.mark.parametrize(
    ("auth", "reserved", "limit"),
    [
        ("cognito", "10", 5),
        ("oidc", "3", 2),
        ("oidc", "1000", 500),
        ("oidc", "2", None),
        ("oidc", "0", None),
        ("none", "10", None),
    ],
)
def test_owner_may_take_half_of_all_places(auth: str, reserved: str, limit: int | None) -> None:
    env = {"AUTH_MODE": auth, "PROGRESS_CONCURRENCY": reserved}
    assert Settings.from_env(env).watchers_per_owner == limit


def test_one_owner_alone_may_take_all_places(app: AppHarness) -> None:
    hold = HoldPlace(app.watcher_places, app.clock, limit=None)
    with hold(OWNER, 20):
        assert app.watcher_places.taken == {}
