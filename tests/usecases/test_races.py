"""Two at one item at the same moment, and answers that come at a bad one."""

from datetime import timedelta

import pytest

from imagebatch.domain import charges, rounds, transitions
from imagebatch.domain.errors import (
    Failure,
    FailureCode,
    ProviderAuthError,
    RateLimitedError,
    UnavailableError,
)
from imagebatch.domain.item_state import Lease
from imagebatch.domain.statuses import ItemStatus
from imagebatch.ports.item_queue import RetryLater
from testing.app_harness import OWNER, PRICE, AppHarness
from testing.fakes.provider import Made

WRONG_KEY = Failure.of(FailureCode.PROVIDER_AUTH, "wrong key")


def take(app: AppHarness, *, seconds: float = 60) -> None:
    """Another delivery claims the first item and is about to call the provider."""
    now = app.clock.now()
    lease = Lease("other", now + timedelta(seconds=seconds))
    app.records.update_item(
        app.batch,
        app.item(0),
        lambda b, i: charges.begin_create(
            *transitions.claim(b, i, lease, now, timedelta(minutes=5)), now
        ),
    )


def test_delivery_losing_its_item_is_not_acknowledged(app: AppHarness) -> None:
    app.start(1)
    app.store.before_next("commit", lambda: take(app))
    busy = app.deliver()
    assert isinstance(busy, RetryLater)
    lease = app.item(0).state.lease
    assert lease is not None
    assert busy.until == lease.until
    assert app.provider.made == []


def test_worker_with_lost_lease_leaves_the_message(
    app: AppHarness,
) -> None:
    """Acknowledged by the late one, the message would be gone if the other died."""

    def too_late(_: Made) -> None:
        app.clock.advance(70)
        now = app.clock.now()
        lease = Lease("other", now + timedelta(seconds=65))
        app.records.update_item(
            app.batch,
            app.item(0),
            lambda b, i: (b, transitions.claim(b, i, lease, now, timedelta())[1]),
        )

    app.provider.after_create = too_late
    app.provider.seconds = 200
    app.start(1)
    assert isinstance(app.deliver(), RetryLater)
    assert app.provider.made[0].cancelled
    lease = app.item(0).state.lease
    assert lease is not None
    assert lease.token == "other"


def test_dead_letter_leaves_a_leased_item_unchanged(app: AppHarness) -> None:
    app.start(1)
    message = app.queue.sent[0].message
    app.store.before_next("commit", lambda: take(app))
    assert isinstance(app.dead_letter(message, 120), RetryLater)
    assert (app.item(0).version, app.item(0).status) == (1, ItemStatus.PROCESSING)


@pytest.mark.parametrize("delivery", [1, 2])
def test_rejected_key_aborts_the_round_immediately(
    app: AppHarness, monkeypatch: pytest.MonkeyPatch, delivery: int
) -> None:
    app.provider.seconds = 130
    app.start(3)
    for _ in range(delivery - 1):
        app.deliver()

    def refused(_: Made) -> None:
        monkeypatch.setattr(app.provider, "get", refuse_after(0 if delivery == 2 else 1))

    def refuse_after(calls: int) -> object:
        real, seen = app.provider.get, iter(range(calls))

        def get(*args: object) -> object:
            if next(seen, None) is None:
                raise ProviderAuthError("wrong key")
            return real(*args)  # type: ignore[arg-type]

        return get

    if delivery == 1:
        app.provider.after_create = refused
        assert app.deliver() is None
    else:
        refused(app.provider.made[0])
        assert app.deliver(app.queue.sent[0].message) is None
    assert app.item(0).failure.code is FailureCode.PROVIDER_AUTH  # type: ignore[union-attr]
    assert app.batch.state.abort_reason is not None
    assert app.batch.money.actual == PRICE
    app.drain()
    assert app.statuses == "fff"
    assert len(app.provider.made) == 1


def test_finished_image_does_not_end_rate_limit(
    app: AppHarness,
) -> None:
    app.start(2)
    first, second = (sent.message for sent in app.queue.sent)
    app.provider.script("1", RateLimitedError("slow down", 60))
    app.provider.after_create = lambda _: app.deliver(second) and None
    app.deliver(first)
    assert app.statuses == "sp"
    assert app.batch.waiting_for(app.clock.now()) is not None


def test_rejected_key_ends_the_wait(app: AppHarness) -> None:
    app.start(2)
    first, second = (sent.message for sent in app.queue.sent)
    app.provider.script("1", RateLimitedError("slow down", 300))
    app.deliver(second)
    app.clock.advance(1)
    app.records.update(OWNER, "b1", lambda b: rounds.abort_round(b, WRONG_KEY))
    assert app.batch.waiting_for(app.clock.now()) is None
    app.deliver(first)
    assert app.statuses == "fp"


def test_unrepairable_batch_does_not_block_others(app: AppHarness) -> None:
    for name in ("b0", "b1"):
        app.submit(1, name)
    app.clock.advance(15 * 60 + 1)
    app.dispatch.fail_next("send", UnavailableError("down"))
    before = len(app.dispatch.sent)
    with pytest.raises(UnavailableError):
        list(app.repair_stalled_batches())
    assert [order.batch_id for order in app.dispatch.sent[before:]] == ["b1"]


def test_a_settle_is_written_once_while_others_settle(app: AppHarness) -> None:
    """A repeated transaction is billed like one that was stored."""

    def another_delivery(_: Made) -> None:
        app.provider.after_create = lambda _: None
        app.deliver()

    app.start(2)
    app.provider.after_create = another_delivery
    before = app.store.calls["commit"]
    app.deliver()
    assert app.batch.counts.succeeded == 2
    assert app.store.calls["commit"] - before == 4
