from imagebatch.api.sse import after_of, stream
from imagebatch.domain.errors import FailureCode
from imagebatch.ports import Receipt
from tests.usecases.test_generate_item import failed
from tests.usecases.world import OWNER, World


class Watcher:
    """A client that reconnects with the last id it saw, as EventSource does."""

    def __init__(self, world: World) -> None:
        self.world, self.last, self.events, self.over = world, None, [], False

    def look(self) -> list[tuple[str, str, str]]:
        end = self.world.clock.now().timestamp() + 29
        left = lambda: end - self.world.clock.now().timestamp()  # noqa: E731
        news = self.world.watch(OWNER, "b1", after_of(self.last), left)
        if news is None:
            self.over = True
            return []
        text = stream(news, self.world.clock.now(), lambda key, *_: f"https://media/{key}")
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


def test_a_first_look_says_at_once_where_the_batch_is(world: World) -> None:
    world.submit(3)
    assert names(Watcher(world).look()) == ["progress"]


def test_a_watcher_sees_every_item_change_once_and_then_the_end(world: World) -> None:
    world.provider.script("1", failed(FailureCode.CONTENT_REFUSED))
    watcher = Watcher(world)
    world.start(3)
    watcher.look()
    while world.queue.waiting:
        world.deliver()
        watcher.look()
    world.finish()
    watcher.look()
    settled = [d for _, name, d in watcher.events if name == "item" and '"processing"' not in d]
    assert len(settled) == 3
    assert names(watcher.events)[-1] == "completed"
    ids = [int(id_) for id_, _, _ in watcher.events]
    assert ids == sorted(set(ids))
    watcher.look()
    assert watcher.over


def test_a_watcher_that_was_away_misses_nothing_and_sees_nothing_twice(world: World) -> None:
    watcher = Watcher(world)
    world.start(5)
    world.deliver()
    watcher.look()
    world.drain()
    world.finish()
    watcher.look()
    items = [data for _, name, data in watcher.events if name == "item"]
    assert len(items) == len(set(items)) == 5


def test_an_idle_wait_is_bounded_and_costs_a_small_read_a_second(world: World) -> None:
    watcher = Watcher(world)
    world.start(3)
    watcher.look()
    before, started = world.store.calls["changes"], world.clock.now()
    assert watcher.look() == []
    waited = (world.clock.now() - started).total_seconds()
    assert 15 <= waited <= 25
    assert world.store.calls["changes"] - before <= waited + 2


def test_cancelled_items_are_told_though_nothing_touched_them(world: World) -> None:
    watcher = Watcher(world)
    world.start(4)
    world.deliver()
    watcher.look()
    world.cancel_batch(OWNER, "b1")
    watcher.look()
    assert sum('"cancelled"' in data for _, name, data in watcher.events if name == "item") == 3


def test_a_retry_opens_the_stream_again(world: World) -> None:
    world.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    watcher = Watcher(world)
    world.run(2)
    watcher.look()
    watcher.look()
    assert watcher.over
    world.retry_batch(OWNER, "b1")
    assert names(watcher.look()) == ["item", "progress"]
    world.dispatch_items(OWNER, "b1", 2)
    assert names(watcher.look()) == ["progress"]


def test_the_end_is_told_once_whatever_is_written_down_after_it(world: World) -> None:
    watcher = Watcher(world)
    world.webhooks.answers = [Receipt.GONE]
    world.start(1, callback_url="https://shop.example/hook")
    world.drain()
    built = world.finalize.build(world.which)
    published = world.finalize.publish(world.which, built["archive"])
    while not watcher.over and names(watcher.events)[-1:] != ["completed"]:
        watcher.look()
    told = world.batch.seq
    world.notify_owner.deliver(OWNER, "b1", published["notice"])
    assert world.batch.seq == told + 1
    assert watcher.look() == []
    assert watcher.over
    world.clock.advance(6 * 3600 + 1)
    world.finalize.expire(world.which)
    again = Watcher(world)
    again.last = watcher.last
    assert again.look() == []
    assert names(watcher.events).count("completed") == 1


def test_a_watcher_who_was_told_the_end_is_told_of_a_retry(world: World) -> None:
    world.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    watcher = Watcher(world)
    world.run(2)
    while names(watcher.events)[-1:] != ["completed"]:
        watcher.look()
    world.retry_batch(OWNER, "b1")
    assert names(watcher.look())[-1] == "progress"
