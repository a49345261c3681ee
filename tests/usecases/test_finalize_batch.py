from datetime import timedelta

import pytest

from imagebatch.domain.errors import FailureCode, UnavailableError
from imagebatch.domain.statuses import BatchStatus
from imagebatch.ports.archive import BadMembersError
from testing.app_harness import OWNER, AppHarness
from tests.usecases.test_process_item import failed


def test_batch_finishes_when_its_archive_is_published(app: AppHarness) -> None:
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


def test_fully_failed_batch_still_has_an_archive(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.CONTENT_REFUSED))
    batch = app.run(1)
    assert (batch.status, batch.outcome) == (BatchStatus.FAILED, "none_succeeded")
    assert batch.state.archive is not None
    assert app.builder.images(batch.state.archive.key) == []
    names = [member.name for member in app.builder.built[batch.state.archive.key]]
    assert names == ["failed_rows.json", "failed_rows.csv", "results.csv", "index.html"]
    assert b"content_refused" in app.media.bodies[str(batch.state.archive.failed_rows_key)]


def test_lost_image_fails_its_row_until_retried(app: AppHarness) -> None:
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


def test_retry_builds_archive_after_finalizer_gave_up(app: AppHarness) -> None:
    app.start(1)
    app.drain()
    app.builder.faults.append(UnavailableError("S3 is down"))
    with pytest.raises(UnavailableError):
        app.finalize.build(app.finalizer_run)
    app.finalize.give_up(app.finalizer_run)
    assert (app.batch.status, app.batch.state.archive) == (BatchStatus.FAILED, None)
    app.retry_batch(OWNER, "b1")
    assert app.finalizer.started[-1] == (OWNER, "b1", 1, 2)
    assert app.finish().status is BatchStatus.COMPLETED


def test_archive_is_deleted_exactly_at_expiry(app: AppHarness) -> None:
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
    assert app.batch.state.archive is None


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


def test_dropped_batch_publishes_archive_and_status_to_outbox(app: AppHarness) -> None:
    app.media.put("archives/b1/1-1.zip", b"zip", "application/zip")
    app.run(1, drop_key="inbox/mia/Frühling hub.csv")
    assert app.media.bodies["outbox/mia/Frühling hub.zip"] == b"zip"
    assert app.media.bodies["outbox/mia/Frühling hub.json"] == b"completed"


def test_used_outbox_name_gets_the_batch_id(app: AppHarness) -> None:
    app.store.reserve_outbox_name("outbox/a", "another", app.clock.now())
    app.media.put("archives/b1/1-1.zip", b"zip", "application/zip")
    app.run(1, drop_key="inbox/a.csv")
    assert "outbox/a-b1.zip" in app.media.objects
    assert "outbox/a.zip" not in app.media.objects
