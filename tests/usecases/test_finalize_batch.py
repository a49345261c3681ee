from datetime import timedelta

import pytest

from imagebatch.domain.batch import BatchStatus
from imagebatch.domain.errors import FailureCode, UnavailableError
from imagebatch.ports import BadMembersError
from tests.usecases.app_harness import OWNER, AppHarness
from tests.usecases.test_process_item import failed


def test_a_batch_is_finished_only_when_its_archive_is_published(app: AppHarness) -> None:
    app.start(1)
    app.drain()
    built = app.finalize.build(app.finalizer_run)
    assert app.batch.status is BatchStatus.ARCHIVING
    published = app.finalize.publish(app.finalizer_run, built["archive"])
    assert app.batch.status is BatchStatus.COMPLETED
    assert published["zipUrl"] == "https://zip"


def test_publishing_twice_is_the_same_as_once(app: AppHarness) -> None:
    app.start(1)
    app.drain()
    built = app.finalize.build(app.finalizer_run)
    first = app.finalize.publish(app.finalizer_run, built["archive"])
    before = app.batch
    app.clock.advance(60)
    assert app.finalize.publish(app.finalizer_run, built["archive"]) == first
    assert app.batch == before
    assert app.finalize.build(app.finalizer_run) == {"done": True}


def test_when_all_rows_failed_there_is_still_an_archive_without_an_image(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.CONTENT_REFUSED))
    batch = app.run(1)
    assert (batch.status, batch.outcome) == (BatchStatus.FAILED, "none_succeeded")
    assert batch.archive is not None
    assert app.builder.images(batch.archive.key) == []
    names = [member.name for member in app.builder.built[batch.archive.key]]
    assert names == ["failed_rows.json", "failed_rows.csv", "results.csv", "index.html"]
    assert b"content_refused" in app.media.bodies[str(batch.archive.failed_rows_key)]


def test_a_lost_image_is_a_failed_row_and_a_retry_makes_it_again(app: AppHarness) -> None:
    app.start(2)
    app.drain()
    app.builder.faults.append(BadMembersError({"car-1.png": "it is gone"}))
    batch = app.finish()
    assert (app.statuses, batch.outcome) == ("sf", "partial")
    assert batch.errors[0].failure.code is FailureCode.INTERNAL
    app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    assert app.finish().outcome == "all_succeeded"


def test_a_finalizer_that_gave_up_fails_the_batch_and_a_retry_builds_it(app: AppHarness) -> None:
    app.start(1)
    app.drain()
    app.builder.faults.append(UnavailableError("S3 is down"))
    with pytest.raises(UnavailableError):
        app.finalize.build(app.finalizer_run)
    app.finalize.give_up(app.finalizer_run)
    assert (app.batch.status, app.batch.archive) == (BatchStatus.FAILED, None)
    app.retry_batch(OWNER, "b1")
    assert app.finalizer.started[-1] == (OWNER, "b1", 1, 2)
    assert app.finish().status is BatchStatus.COMPLETED


def test_the_archive_goes_when_its_time_is_over_and_not_before(app: AppHarness) -> None:
    batch = app.run(1)
    left = batch.expires_at - app.clock.now()  # type: ignore[operator]
    assert timedelta(hours=6) <= left < timedelta(hours=6, seconds=1)
    with pytest.raises(UnavailableError):
        app.finalize.delete(app.finalizer_run)
    app.clock.advance(left.total_seconds() - 0.001)
    assert app.batch.available_archive(app.clock.now()) is not None
    app.clock.advance(0.001)
    assert app.batch.available_archive(app.clock.now()) is None
    assert app.batch.effective_status(app.clock.now()) is BatchStatus.EXPIRED
    app.finalize.delete(app.finalizer_run)
    app.finalize.expire(app.finalizer_run)
    assert app.batch.archive is None


def test_the_sleeping_execution_of_an_earlier_round_harms_nothing(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    app.run(2)
    sleeping = app.finalizer_run
    app.clock.advance(3 * 3600)
    app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    app.finish()
    app.clock.advance(3 * 3600 + 1)
    app.finalize.delete(sleeping)
    app.finalize.expire(sleeping)
    archive = app.batch.available_archive(app.clock.now())
    assert archive is not None
    assert archive.key == "archives/b1/2-1.zip"
    assert "archives/b1/1-1.failed_rows.json" not in app.media.objects


def test_a_dropped_batch_leaves_its_archive_and_status_in_the_outbox(app: AppHarness) -> None:
    app.media.put("archives/b1/1-1.zip", b"zip", "application/zip")
    app.run(1, drop_key="inbox/mia/Frühling hub.csv")
    assert app.media.bodies["outbox/mia/Frühling hub.zip"] == b"zip"
    assert app.media.bodies["outbox/mia/Frühling hub.json"] == b"completed"


def test_a_taken_name_in_the_outbox_gets_the_batchs_id(app: AppHarness) -> None:
    app.store.reserve_outbox_name("outbox/a", "another", app.clock.now())
    app.media.put("archives/b1/1-1.zip", b"zip", "application/zip")
    app.run(1, drop_key="inbox/a.csv")
    assert "outbox/a-b1.zip" in app.media.objects
    assert "outbox/a.zip" not in app.media.objects
