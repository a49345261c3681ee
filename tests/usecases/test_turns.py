from datetime import timedelta

import pytest

from imagebatch.domain.errors import UnavailableError
from imagebatch.usecases.turns import COUNTED_FOR, Turns
from tests.usecases.world import OWNER, WORKERS, World


@pytest.fixture
def turns(world: World) -> Turns:
    return Turns(world.store, world.clock, WORKERS)


def test_the_queue_is_shared_by_the_batches_of_every_owner(world: World, turns: Turns) -> None:
    assert (turns.share(), turns.first()) == (3, 6)
    for number in range(3):
        world.submit(9, batch_id=f"b{number}")
    world.clock.advance(COUNTED_FOR.total_seconds())
    assert (turns.share(), turns.first()) == (1, 3)


def test_they_are_counted_every_two_seconds_and_not_for_every_item(
    world: World, turns: Turns
) -> None:
    turns.share()
    world.submit(9, batch_id="b1")
    world.submit(9, batch_id="b2")
    assert turns.share() == 3
    world.clock.advance(COUNTED_FOR.total_seconds())
    assert turns.share() == 2


def test_a_table_that_does_not_answer_keeps_no_item_from_settling(
    world: World, turns: Turns
) -> None:
    world.submit(9, batch_id="b1")
    world.submit(9, batch_id="b2")
    turns.share()
    world.clock.advance(timedelta(minutes=1).total_seconds())
    world.store.fail_next("unfinished", UnavailableError("throttled"))
    assert turns.share() == 2


def test_a_small_batch_is_in_the_queue_at_once_and_large_ones_make_room(world: World) -> None:
    world.start(30)
    assert world.queue.indices == [*range(6)]
    world.submit(3, batch_id="b2")
    world.dispatch_items(OWNER, "b2", 1)
    assert len(world.queue.sent) == 9
    world.clock.advance(3)
    for _ in range(3):
        world.deliver()
    sent = [each.message.batch_id for each in world.queue.sent]
    assert sent == ["b1"] * 6 + ["b2"] * 3


def test_a_repeated_message_repeats_what_it_released_until_that_is_claimed(world: World) -> None:
    world.start(9)
    for _ in range(4):
        world.deliver()
    message = world.queue.sent[3].message
    assert world.queue.indices[6:] == [6]
    world.deliver(message)
    assert world.queue.indices[6:] == [6, 6]
    world.drain()
    world.deliver(message)
    assert sorted(world.queue.indices) == [0, 1, 2, 3, 4, 5, 6, 6, 7, 8]
