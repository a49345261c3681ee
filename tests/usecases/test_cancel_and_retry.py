from decimal import Decimal

import pytest

from imagebatch.domain.errors import (
    FailureCode,
    NotFoundError,
    ProviderUnavailableError,
    StateConflictError,
    UnavailableError,
)
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from imagebatch.ports.providers import Prediction, PredictionStatus
from testing.app_harness import OWNER, PRICE, AppHarness
from tests.usecases.fault_injection import KilledError
from tests.usecases.test_process_item import failed


def cancel(app: AppHarness) -> None:
    app.cancel_batch(OWNER, "b1")


def test_cancelled_queued_batch_generates_nothing(
    app: AppHarness,
) -> None:
    app.submit(3)
    cancel(app)
    assert app.batch.status is BatchStatus.CANCELLING
    assert app.finalizer.started == []
    app.dispatch_items(OWNER, "b1", 1)
    assert (app.statuses, app.batch.status) == ("ccc", BatchStatus.ARCHIVING)
    assert app.queue.sent == []
    assert app.finish().status is BatchStatus.CANCELLED
    assert app.batch.outcome == "none_succeeded"


def test_cancelling_keeps_finished_images_and_calls_nothing_else(app: AppHarness) -> None:
    app.start(20)
    app.deliver()
    cancel(app)
    assert app.statuses == "s" + 19 * "c"
    app.drain()
    assert len(app.provider.made) == 1
    assert app.finish().status is BatchStatus.CANCELLED
    assert app.builder.images("archives/b1/1-1.zip") == ["car-0.png"]
    assert app.batch.money.committed == PRICE


def test_a_running_prediction_is_cancelled_at_the_provider(app: AppHarness) -> None:
    app.provider.seconds = 40
    app.provider.after_create = lambda _: cancel(app)
    app.start(2)
    app.drain()
    assert app.provider.made[0].cancelled
    assert (app.statuses, app.batch.status) == ("cc", BatchStatus.ARCHIVING)
    assert app.batch.money.committed == 0


@pytest.mark.parametrize(("fails", "end"), [(8, "s"), (10**4, "c")])
def test_cancel_waits_at_most_a_minute_for_an_image(app: AppHarness, fails: int, end: str) -> None:
    """It is paid for either way."""
    app.provider.fetch_faults.extend([ProviderUnavailableError("503")] * fails)
    app.start(2)
    app.deliver()
    cancel(app)
    cancelled_at = app.clock.now()
    app.drain()
    assert (app.statuses, app.batch.money.committed) == (end + "c", PRICE)
    assert (app.clock.now() - cancelled_at).total_seconds() < 70
    assert app.finish().status is BatchStatus.CANCELLED


def test_short_deliveries_notice_a_cancelled_batch(app: AppHarness) -> None:
    app.provider.seconds = 400
    app.start(1)
    app.deliver(seconds=2)
    cancel(app)
    app.deliver(app.queue.sent[-1].message, seconds=2)
    assert app.provider.made[0].cancelled
    assert app.statuses == "c"


def test_image_finished_despite_cancel_is_kept(app: AppHarness) -> None:
    app.provider.obeys_cancel = False
    app.provider.after_create = lambda _: cancel(app)
    app.start(2)
    app.drain()
    assert app.statuses == "sc"
    assert app.batch.money.actual == PRICE


def test_orphaned_prediction_is_stopped_after_a_cancel(app: AppHarness) -> None:
    app.provider.seconds = 200
    app.start(1)
    message = app.queue.sent[0].message
    app.store.fail_next("save_item", KilledError(), applied=True)
    with pytest.raises(KilledError):
        app.deliver(message)
    cancel(app)
    assert app.statuses == "r"
    app.clock.advance(75)
    app.deliver(message)
    assert app.provider.made[0].cancelled
    assert (app.statuses, app.batch.status) == ("c", BatchStatus.ARCHIVING)


def test_cancelling_twice_is_the_same_as_once(app: AppHarness) -> None:
    app.start(3)
    cancel(app)
    before = app.batch
    cancel(app)
    assert app.batch == before
    assert len(app.finalizer.started) == 1


def test_archiving_or_finished_batch_cannot_be_cancelled(app: AppHarness) -> None:
    app.start(1)
    app.drain()
    with pytest.raises(StateConflictError):
        cancel(app)
    app.finish()
    with pytest.raises(StateConflictError):
        cancel(app)


def test_cancel_racing_the_last_settle_has_one_outcome(app: AppHarness) -> None:
    app.start(1)
    app.store.before_next("commit", lambda: None)
    app.provider.after_create = lambda _: app.store.before_next("commit", lambda: cancel(app))
    app.deliver()
    assert app.statuses == "s"
    assert app.batch.status is BatchStatus.ARCHIVING
    assert len(app.finalizer.started) == 1


def test_somebody_elses_batch_is_not_found(app: AppHarness) -> None:
    app.start(1)
    for use in (app.cancel_batch, app.retry_batch):
        with pytest.raises(NotFoundError, match="Job not found"):
            use("bob", "b1")


@pytest.mark.slow
def test_retry_runs_only_failed_items_with_same_input(app: AppHarness) -> None:
    for index in (3, 77, 900):
        app.provider.script(str(index), failed(FailureCode.PROVIDER_REJECTED))
    app.run(1000)
    assert app.batch.counts.failed == 3
    app.retry_batch(OWNER, "b1")
    assert (app.batch.round, app.batch.counts.pending) == (2, 3)
    assert app.dispatch.sent[-1].round == 2
    app.dispatch_items(OWNER, "b1", 2)
    sent = len(app.queue.sent)
    app.drain()
    assert app.queue.indices[sent - 3 :] == [3, 77, 900]
    assert app.finish().outcome == "all_succeeded"
    assert len(app.builder.images("archives/b1/2-1.zip")) == 1000
    assert len(app.provider.made) == 1003


def test_a_retried_item_is_counted_once_a_round(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    app.run(1)
    app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    assert app.telemetry.settlements == [(0, ItemStatus.FAILED), (0, ItemStatus.SUCCEEDED)]


def test_repeated_retry_request_opens_nothing_more(app: AppHarness) -> None:
    refused = failed(FailureCode.PROVIDER_REJECTED)
    app.provider.script("0", refused, refused)
    app.run(1)
    app.dispatch.fail_next("send", UnavailableError("lost"))
    with pytest.raises(UnavailableError):
        app.retry_batch(OWNER, "b1", "r1")
    assert app.retry_batch(OWNER, "b1", "r1").round == 2
    assert [sent.round for sent in app.dispatch.sent] == [1, 2]
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    assert app.finish().counts.failed == 1
    assert app.retry_batch(OWNER, "b1", "r1") == app.batch
    assert len(app.dispatch.sent) == 2
    assert app.retry_batch(OWNER, "b1", "r2").round == 3


def test_a_message_of_an_earlier_round_changes_nothing(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    app.run(1)
    old = app.queue.sent[0].message
    app.retry_batch(OWNER, "b1")
    before = app.batch
    assert app.deliver(old) is None
    assert app.batch == before


def test_what_a_cancel_left_undone_is_not_retried(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    app.start(3)
    app.deliver()
    cancel(app)
    app.finish()
    app.retry_batch(OWNER, "b1")
    assert app.statuses == "pcc"
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    assert app.statuses == "scc"
    assert app.finish().status is BatchStatus.COMPLETED


def test_retry_cancelled_before_running_leaves_items_cancelled(
    app: AppHarness,
) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    app.run(2)
    app.retry_batch(OWNER, "b1")
    cancel(app)
    app.dispatch_items(OWNER, "b1", 2)
    assert app.statuses == "cs"
    assert app.finish().status is BatchStatus.CANCELLED
    with pytest.raises(StateConflictError):
        app.retry_batch(OWNER, "b1")


def test_running_or_successful_batch_cannot_be_retried(app: AppHarness) -> None:
    app.start(1)
    with pytest.raises(StateConflictError):
        app.retry_batch(OWNER, "b1")
    app.drain()
    app.finish()
    with pytest.raises(StateConflictError, match="Nothing to retry"):
        app.retry_batch(OWNER, "b1")


def test_the_cap_holds_over_all_rounds(app: AppHarness) -> None:
    app.provider.lists = False
    lost = ProviderUnavailableError("cut", maybe_billed=True)
    app.start(2, max_cost=2 * PRICE)
    app.provider.script("1", failed(FailureCode.PROVIDER_REJECTED), lost)
    app.drain()
    app.finish()
    assert app.batch.money.committed == PRICE
    app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    assert app.item(1).failure.code is FailureCode.BUDGET_EXHAUSTED  # type: ignore[union-attr]
    assert app.batch.money.committed == app.batch.money.actual == Decimal("0.10")


def test_retry_rebuilds_expired_archive_under_a_new_key(app: AppHarness) -> None:
    app.run(1)
    app.clock.advance(6 * 3600 + 1)
    old = app.finalizer_run
    app.retry_batch(OWNER, "b1")
    assert app.finish().status is BatchStatus.COMPLETED
    assert app.batch.state.archive is not None
    key = app.batch.state.archive.key
    app.finalize.delete(old)
    app.finalize.expire(old)
    assert app.batch.state.archive is not None
    assert app.batch.state.archive.key == key != "archives/b1/1-1.zip"


def test_prediction_cancelled_by_provider_is_retried_once(app: AppHarness) -> None:
    app.provider.script("0", Prediction("", PredictionStatus.CANCELLED))
    app.run(1)
    assert (app.statuses, app.provider.creates("0")) == ("s", 2)
