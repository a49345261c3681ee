import pytest

from imagebatch.domain.batch import BatchStatus
from imagebatch.domain.errors import UnavailableError
from tests.usecases.world import OWNER, World

LONG = 15 * 60 + 1


def sweep(world: World) -> list[str]:
    return [batch.id for batch in world.sweep()]


def test_a_batch_that_moves_is_left_alone(world: World) -> None:
    world.start(3)
    world.clock.advance(60)
    sent = len(world.queue.sent)
    assert sweep(world) == []
    assert len(world.queue.sent) == sent


def test_a_batch_whose_dispatch_message_was_lost_is_dispatched(world: World) -> None:
    world.dispatch.fail_next("send", UnavailableError("lost"))
    with pytest.raises(UnavailableError):
        world.submit(3)
    world.clock.advance(LONG)
    assert sweep(world) == ["b1"]
    assert world.dispatch.sent[-1].batch_id == "b1"


def test_a_dispatch_that_died_half_way_is_carried_on(world: World) -> None:
    world.submit(3)
    world.queue.fail_next("send", UnavailableError("died"))
    with pytest.raises(UnavailableError):
        world.dispatch_items(OWNER, "b1", 1)
    world.clock.advance(LONG)
    assert sweep(world) == ["b1"]
    world.drain()
    assert world.statuses == "sss"


def test_items_whose_messages_are_gone_are_sent_again(world: World) -> None:
    world.start(20)
    while world.queue.waiting:
        world.queue.pop()
    world.clock.advance(LONG)
    assert sweep(world) == ["b1"]
    world.drain()
    assert world.statuses == 20 * "s"
    assert len(world.provider.made) == 20


def test_a_finalizer_whose_start_was_lost_is_started(world: World) -> None:
    world.start(1)
    world.finalizer.fail_next("start", UnavailableError("lost"))
    with pytest.raises(UnavailableError):
        world.deliver()
    world.clock.advance(LONG)
    sweep(world)
    assert world.finalizer.started == [(OWNER, "b1", 1, 1)]


def test_a_finalizer_that_ended_without_an_end_is_followed_by_the_next_attempt(
    world: World,
) -> None:
    world.start(1)
    world.drain()
    world.finalizer.end("b1", 1, 1)
    world.clock.advance(LONG)
    sweep(world)
    assert world.finalizer.started[-1] == (OWNER, "b1", 1, 2)
    assert world.finish().status is BatchStatus.COMPLETED


def test_a_finalizer_that_is_still_at_work_is_left_alone(world: World) -> None:
    world.start(1)
    world.drain()
    world.clock.advance(LONG)
    sweep(world)
    assert world.finalizer.started == [(OWNER, "b1", 1, 1)]


def test_finished_batches_are_not_looked_at(world: World) -> None:
    world.run(1)
    world.clock.advance(LONG)
    assert sweep(world) == []
