"""Two at one item at the same moment, and answers that come at a bad one."""

from datetime import timedelta

import pytest

from imagebatch.domain import rounds, transitions
from imagebatch.domain.batch import ItemStatus, Lease
from imagebatch.domain.errors import (
    Failure,
    FailureCode,
    ProviderAuthError,
    RateLimitedError,
    UnavailableError,
)
from imagebatch.ports import Busy
from testing.fakes.provider import Made
from tests.usecases.world import OWNER, PRICE, World

WRONG_KEY = Failure.of(FailureCode.PROVIDER_AUTH, "wrong key")


def take(world: World, *, seconds: float = 60) -> None:
    """Another delivery claims the first item and is about to call the provider."""
    now = world.clock.now()
    lease = Lease("other", now + timedelta(seconds=seconds))
    world.records.change_item(
        world.batch,
        world.item(0),
        lambda b, i: transitions.begin_create(
            *transitions.claim(b, i, lease, now, timedelta(minutes=5))
        ),
    )


def test_a_delivery_that_loses_the_race_for_its_item_is_not_acknowledged(world: World) -> None:
    world.start(1)
    world.store.before_next("commit", lambda: take(world))
    busy = world.deliver()
    assert isinstance(busy, Busy)
    assert busy.until == world.item(0).lease.until  # type: ignore[union-attr]
    assert world.provider.made == []


def test_a_worker_whose_lease_another_has_taken_over_leaves_the_message_to_it(
    world: World,
) -> None:
    """Acknowledged by the late one, the message would be gone if the other died."""

    def too_late(_: Made) -> None:
        world.clock.advance(70)
        now = world.clock.now()
        lease = Lease("other", now + timedelta(seconds=65))
        world.records.change_item(
            world.batch,
            world.item(0),
            lambda b, i: (b, transitions.claim(b, i, lease, now, timedelta())[1]),
        )

    world.provider.after_create = too_late
    world.provider.seconds = 200
    world.start(1)
    assert isinstance(world.deliver(), Busy)
    assert world.provider.made[0].cancelled
    assert world.item(0).lease.token == "other"  # type: ignore[union-attr]


def test_a_dead_letter_that_meets_a_worker_leaves_its_item_as_it_is(world: World) -> None:
    world.start(1)
    message = world.queue.sent[0].message
    world.store.before_next("commit", lambda: take(world))
    assert isinstance(world.dead_letter(message, lambda: 120.0), Busy)
    assert (world.item(0).rev, world.item(0).status) == (1, ItemStatus.PROCESSING)


@pytest.mark.parametrize("delivery", [1, 2])
def test_a_key_that_is_refused_while_an_image_is_made_stops_the_round_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, delivery: int
) -> None:
    world.provider.seconds = 130
    world.start(3)
    for _ in range(delivery - 1):
        world.deliver()

    def refused(_: Made) -> None:
        monkeypatch.setattr(world.provider, "get", refuse_after(0 if delivery == 2 else 1))

    def refuse_after(calls: int) -> object:
        real, seen = world.provider.get, iter(range(calls))

        def get(*args: object) -> object:
            if next(seen, None) is None:
                raise ProviderAuthError("wrong key")
            return real(*args)  # type: ignore[arg-type]

        return get

    if delivery == 1:
        world.provider.after_create = refused
        assert world.deliver() is None
    else:
        refused(world.provider.made[0])
        assert world.deliver(world.queue.sent[0].message) is None
    assert world.item(0).failure.code is FailureCode.PROVIDER_AUTH  # type: ignore[union-attr]
    assert world.batch.halted is not None
    assert world.batch.actual == PRICE
    world.drain()
    assert world.statuses == "fff"
    assert len(world.provider.made) == 1


def test_an_image_that_is_finished_does_not_end_the_wait_that_was_asked_for(world: World) -> None:
    world.start(2)
    first, second = (sent.message for sent in world.queue.sent)
    world.provider.script("1", RateLimitedError("slow down", 60))
    world.provider.after_create = lambda _: world.deliver(second) and None
    world.deliver(first)
    assert world.statuses == "sp"
    assert world.batch.waiting_for(world.clock.now()) is not None


def test_a_refused_key_ends_the_wait_so_that_the_rest_fails_quickly(world: World) -> None:
    world.start(2)
    first, second = (sent.message for sent in world.queue.sent)
    world.provider.script("1", RateLimitedError("slow down", 300))
    world.deliver(second)
    world.clock.advance(1)
    world.records.change(OWNER, "b1", lambda b: rounds.halt(b, WRONG_KEY))
    assert world.batch.waiting_for(world.clock.now()) is None
    world.deliver(first)
    assert world.statuses == "fp"


def test_a_batch_that_cannot_be_repaired_keeps_no_other_from_it(world: World) -> None:
    for name in ("b0", "b1"):
        world.submit(1, name)
    world.clock.advance(15 * 60 + 1)
    world.dispatch.fail_next("send", UnavailableError("down"))
    before = len(world.dispatch.sent)
    with pytest.raises(UnavailableError):
        list(world.sweep())
    assert [order.batch_id for order in world.dispatch.sent[before:]] == ["b1"]
