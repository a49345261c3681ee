from decimal import Decimal

import pytest

from imagebatch.domain.batch import BatchStatus
from imagebatch.domain.errors import (
    FailureCode,
    NotFoundError,
    ProviderUnavailableError,
    StateConflictError,
    UnavailableError,
)
from imagebatch.ports import Prediction, PredictionStatus
from tests.usecases.test_generate_item import KilledError, failed
from tests.usecases.world import OWNER, PRICE, World


def cancel(world: World) -> None:
    world.cancel_batch(OWNER, "b1")


def test_cancelling_a_queued_batch_makes_no_image_and_ends_once_its_items_are_stored(
    world: World,
) -> None:
    world.submit(3)
    cancel(world)
    assert world.batch.status is BatchStatus.CANCELLING
    assert world.finalizer.started == []
    world.dispatch_items(OWNER, "b1", 1)
    assert (world.statuses, world.batch.status) == ("ccc", BatchStatus.ARCHIVING)
    assert world.queue.sent == []
    assert world.finish().status is BatchStatus.CANCELLED
    assert world.batch.outcome == "none_succeeded"


def test_cancelling_keeps_what_is_finished_and_calls_nothing_for_the_rest(world: World) -> None:
    world.start(20)
    world.deliver()
    cancel(world)
    assert world.statuses == "s" + 19 * "c"
    world.drain()
    assert len(world.provider.made) == 1
    assert world.finish().status is BatchStatus.CANCELLED
    assert world.builder.images("archives/b1/1-1.zip") == ["car-0.png"]
    assert world.batch.committed == PRICE


def test_a_running_prediction_is_cancelled_at_the_provider(world: World) -> None:
    world.provider.seconds = 40
    world.provider.after_create = lambda _: cancel(world)
    world.start(2)
    world.drain()
    assert world.provider.made[0].cancelled
    assert (world.statuses, world.batch.status) == ("cc", BatchStatus.ARCHIVING)
    assert world.batch.committed == 0


def test_deliveries_too_short_for_a_check_notice_a_cancelled_batch(world: World) -> None:
    world.provider.seconds = 400
    world.start(1)
    world.deliver(seconds=2)
    cancel(world)
    world.deliver(world.queue.sent[-1].message, seconds=2)
    assert world.provider.made[0].cancelled
    assert world.statuses == "c"


def test_one_that_finishes_all_the_same_is_kept_and_counted(world: World) -> None:
    world.provider.obeys_cancel = False
    world.provider.after_create = lambda _: cancel(world)
    world.start(2)
    world.drain()
    assert world.statuses == "sc"
    assert world.batch.actual == PRICE


def test_a_killed_workers_prediction_is_found_and_stopped_after_a_cancel(world: World) -> None:
    world.provider.seconds = 200
    world.start(1)
    message = world.queue.sent[0].message
    world.store.fail_next("save_item", KilledError(), applied=True)  # type: ignore[arg-type]
    with pytest.raises(KilledError):
        world.deliver(message)
    cancel(world)
    assert world.statuses == "r"
    world.clock.advance(75)
    world.deliver(message)
    assert world.provider.made[0].cancelled
    assert (world.statuses, world.batch.status) == ("c", BatchStatus.ARCHIVING)


def test_cancelling_twice_is_the_same_as_once(world: World) -> None:
    world.start(3)
    cancel(world)
    before = world.batch
    cancel(world)
    assert world.batch == before
    assert len(world.finalizer.started) == 1


def test_a_batch_that_is_archiving_or_finished_cannot_be_cancelled(world: World) -> None:
    world.start(1)
    world.drain()
    with pytest.raises(StateConflictError):
        cancel(world)
    world.finish()
    with pytest.raises(StateConflictError):
        cancel(world)


def test_a_cancel_that_meets_the_last_settle_has_one_outcome(world: World) -> None:
    world.start(1)
    world.store.before_next("commit", lambda: None)
    world.provider.after_create = lambda _: world.store.before_next("commit", lambda: cancel(world))
    world.deliver()
    assert world.statuses == "s"
    assert world.batch.status is BatchStatus.ARCHIVING
    assert len(world.finalizer.started) == 1


def test_somebody_elses_batch_is_not_found(world: World) -> None:
    world.start(1)
    for use in (world.cancel_batch, world.retry_batch):
        with pytest.raises(NotFoundError, match="Job not found"):
            use("bob", "b1")


def test_a_retry_runs_only_what_failed_with_the_same_input(world: World) -> None:
    for index in (3, 77, 900):
        world.provider.script(str(index), failed(FailureCode.PROVIDER_REJECTED))
    world.run(1000)
    assert world.batch.counts.failed == 3
    world.retry_batch(OWNER, "b1")
    assert (world.batch.round, world.batch.counts.pending) == (2, 3)
    assert world.dispatch.sent[-1].round == 2
    world.dispatch_items(OWNER, "b1", 2)
    sent = len(world.queue.sent)
    world.drain()
    assert world.queue.indices[sent - 3 :] == [3, 77, 900]
    assert world.finish().outcome == "all_succeeded"
    assert len(world.builder.images("archives/b1/2-1.zip")) == 1000
    assert len(world.provider.made) == 1003


def test_a_request_to_retry_that_comes_again_opens_nothing_more(world: World) -> None:
    refused = failed(FailureCode.PROVIDER_REJECTED)
    world.provider.script("0", refused, refused)
    world.run(1)
    world.dispatch.fail_next("send", UnavailableError("lost"))
    with pytest.raises(UnavailableError):
        world.retry_batch(OWNER, "b1", "r1")
    assert world.retry_batch(OWNER, "b1", "r1").round == 2
    assert [sent.round for sent in world.dispatch.sent] == [1, 2]
    world.dispatch_items(OWNER, "b1", 2)
    world.drain()
    assert world.finish().counts.failed == 1
    assert world.retry_batch(OWNER, "b1", "r1") == world.batch
    assert len(world.dispatch.sent) == 2
    assert world.retry_batch(OWNER, "b1", "r2").round == 3


def test_a_message_of_an_earlier_round_changes_nothing(world: World) -> None:
    world.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    world.run(1)
    old = world.queue.sent[0].message
    world.retry_batch(OWNER, "b1")
    before = world.batch
    assert world.deliver(old) is None
    assert world.batch == before


def test_what_a_cancel_left_undone_is_not_retried(world: World) -> None:
    world.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    world.start(3)
    world.deliver()
    cancel(world)
    world.finish()
    world.retry_batch(OWNER, "b1")
    assert world.statuses == "pcc"
    world.dispatch_items(OWNER, "b1", 2)
    world.drain()
    assert world.statuses == "scc"
    assert world.finish().status is BatchStatus.COMPLETED


def test_a_retry_that_is_cancelled_before_it_ran_leaves_its_items_cancelled(world: World) -> None:
    world.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    world.run(2)
    world.retry_batch(OWNER, "b1")
    cancel(world)
    world.dispatch_items(OWNER, "b1", 2)
    assert world.statuses == "cs"
    assert world.finish().status is BatchStatus.CANCELLED
    with pytest.raises(StateConflictError):
        world.retry_batch(OWNER, "b1")


def test_a_running_batch_and_one_without_failures_cannot_be_retried(world: World) -> None:
    world.start(1)
    with pytest.raises(StateConflictError):
        world.retry_batch(OWNER, "b1")
    world.drain()
    world.finish()
    with pytest.raises(StateConflictError, match="Nothing to retry"):
        world.retry_batch(OWNER, "b1")


def test_the_cap_holds_over_all_rounds(world: World) -> None:
    lost = ProviderUnavailableError("cut", billed_perhaps=True)
    world.start(2, max_cost=2 * PRICE)
    world.provider.script("1", failed(FailureCode.PROVIDER_REJECTED), lost)
    world.drain()
    world.finish()
    assert world.batch.committed == PRICE
    world.retry_batch(OWNER, "b1")
    world.dispatch_items(OWNER, "b1", 2)
    world.drain()
    assert world.item(1).failure.code is FailureCode.BUDGET_EXHAUSTED  # type: ignore[union-attr]
    assert world.batch.committed == world.batch.actual == Decimal("0.10")


def test_an_expired_archive_is_built_again_by_a_retry_under_a_new_key(world: World) -> None:
    world.run(1)
    world.clock.advance(6 * 3600 + 1)
    old = world.which
    world.retry_batch(OWNER, "b1")
    assert world.finish().status is BatchStatus.COMPLETED
    assert world.batch.archive is not None
    key = world.batch.archive.key
    world.finalize.delete(old)
    world.finalize.expire(old)
    assert world.batch.archive is not None
    assert world.batch.archive.key == key != "archives/b1/1-1.zip"


def test_a_prediction_the_provider_cancelled_by_itself_is_tried_once_more(world: World) -> None:
    world.provider.script("0", Prediction("", PredictionStatus.CANCELLED))
    world.run(1)
    assert (world.statuses, world.provider.creates("0")) == ("s", 2)
