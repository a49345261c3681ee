import pytest

from imagebatch.domain.errors import UnavailableError, UnreadableRecordError
from imagebatch.domain.statuses import BatchStatus
from testing.app_harness import OWNER, AppHarness

LONG = 15 * 60 + 1


def repair_stalled_batches(app: AppHarness) -> list[str]:
    return [batch.id for batch in app.repair_stalled_batches()]


def test_a_batch_that_moves_is_left_alone(app: AppHarness) -> None:
    app.start(3)
    app.clock.advance(60)
    sent = len(app.queue.sent)
    assert repair_stalled_batches(app) == []
    assert len(app.queue.sent) == sent


def test_a_batch_whose_dispatch_message_was_lost_is_dispatched(app: AppHarness) -> None:
    app.dispatch.fail_next("send", UnavailableError("lost"))
    with pytest.raises(UnavailableError):
        app.submit(3)
    app.clock.advance(LONG)
    assert repair_stalled_batches(app) == ["b1"]
    assert app.dispatch.sent[-1].batch_id == "b1"


def test_a_dispatch_that_died_half_way_is_carried_on(app: AppHarness) -> None:
    app.submit(3)
    app.queue.fail_next("send", UnavailableError("died"))
    with pytest.raises(UnavailableError):
        app.dispatch_items(OWNER, "b1", 1)
    app.clock.advance(LONG)
    assert repair_stalled_batches(app) == ["b1"]
    app.drain()
    assert app.statuses == "sss"


def test_items_whose_messages_are_gone_are_sent_again(app: AppHarness) -> None:
    app.start(20)
    while app.queue.waiting:
        app.queue.pop()
    app.clock.advance(LONG)
    assert repair_stalled_batches(app) == ["b1"]
    app.drain()
    assert app.statuses == 20 * "s"
    assert len(app.provider.made) == 20


def test_a_finalizer_whose_start_was_lost_is_started(app: AppHarness) -> None:
    app.start(1)
    app.finalizer.fail_next("start", UnavailableError("lost"))
    with pytest.raises(UnavailableError):
        app.deliver()
    app.clock.advance(LONG)
    repair_stalled_batches(app)
    assert app.finalizer.started == [(OWNER, "b1", 1, 1)]


def test_finalizer_without_result_is_replaced(
    app: AppHarness,
) -> None:
    app.start(1)
    app.drain()
    app.finalizer.end("b1", 1, 1)
    app.clock.advance(LONG)
    repair_stalled_batches(app)
    assert app.finalizer.started[-1] == (OWNER, "b1", 1, 2)
    assert app.finish().status is BatchStatus.COMPLETED


def test_running_finalizer_is_left_alone(app: AppHarness) -> None:
    app.start(1)
    app.drain()
    app.clock.advance(LONG)
    repair_stalled_batches(app)
    assert app.finalizer.started == [(OWNER, "b1", 1, 1)]


def test_finished_batches_are_not_looked_at(app: AppHarness) -> None:
    app.run(1)
    app.clock.advance(LONG)
    assert repair_stalled_batches(app) == []


def test_unreadable_batch_is_reported_and_skipped(app: AppHarness) -> None:
    for name in ("b1", "b2"):
        app.submit(3, name)
        app.dispatch_items(OWNER, name, 1)
    app.clock.advance(LONG)
    app.store.fail_next("round_list", UnreadableRecordError("unknown status"))
    assert repair_stalled_batches(app) == ["b2"]
    assert app.telemetry.notes == ["unreadable batch b1"]
