from datetime import timedelta

import pytest

from imagebatch.domain.batch import BatchStatus
from imagebatch.domain.errors import FailureCode, UnavailableError
from imagebatch.ports import BadMembersError
from tests.usecases.test_generate_item import failed
from tests.usecases.world import OWNER, World


def test_a_batch_is_finished_only_when_its_archive_is_published(world: World) -> None:
    world.start(1)
    world.drain()
    built = world.finalize.build(world.which)
    assert world.batch.status is BatchStatus.ARCHIVING
    published = world.finalize.publish(world.which, built["archive"])
    assert world.batch.status is BatchStatus.COMPLETED
    assert published["zipUrl"] == "https://zip"


def test_publishing_twice_is_the_same_as_once(world: World) -> None:
    world.start(1)
    world.drain()
    built = world.finalize.build(world.which)
    first = world.finalize.publish(world.which, built["archive"])
    before = world.batch
    world.clock.advance(60)
    assert world.finalize.publish(world.which, built["archive"]) == first
    assert world.batch == before
    assert world.finalize.build(world.which) == {"done": True}


def test_when_all_rows_failed_there_is_still_an_archive_without_an_image(world: World) -> None:
    world.provider.script("0", failed(FailureCode.CONTENT_REFUSED))
    batch = world.run(1)
    assert (batch.status, batch.outcome) == (BatchStatus.FAILED, "none_succeeded")
    assert batch.archive is not None
    assert world.builder.images(batch.archive.key) == []
    names = [member.name for member in world.builder.built[batch.archive.key]]
    assert names == ["failed_rows.json", "failed_rows.csv", "results.csv", "index.html"]
    assert b"content_refused" in world.media.bodies[str(batch.archive.failed_rows_key)]


def test_a_lost_image_is_a_failed_row_and_a_retry_makes_it_again(world: World) -> None:
    world.start(2)
    world.drain()
    world.builder.faults.append(BadMembersError({"car-1.png": "it is gone"}))
    batch = world.finish()
    assert (world.statuses, batch.outcome) == ("sf", "partial")
    assert batch.errors[0].failure.code is FailureCode.INTERNAL
    world.retry_batch(OWNER, "b1")
    world.dispatch_items(OWNER, "b1", 2)
    world.drain()
    assert world.finish().outcome == "all_succeeded"


def test_a_finalizer_that_gave_up_fails_the_batch_and_a_retry_builds_it(world: World) -> None:
    world.start(1)
    world.drain()
    world.builder.faults.append(UnavailableError("S3 is down"))
    with pytest.raises(UnavailableError):
        world.finalize.build(world.which)
    world.finalize.give_up(world.which)
    assert (world.batch.status, world.batch.archive) == (BatchStatus.FAILED, None)
    world.retry_batch(OWNER, "b1")
    assert world.finalizer.started[-1] == (OWNER, "b1", 1, 2)
    assert world.finish().status is BatchStatus.COMPLETED


def test_the_archive_goes_when_its_time_is_over_and_not_before(world: World) -> None:
    batch = world.run(1)
    left = batch.expires_at - world.clock.now()  # type: ignore[operator]
    assert timedelta(hours=6) <= left < timedelta(hours=6, seconds=1)
    with pytest.raises(UnavailableError):
        world.finalize.delete(world.which)
    world.clock.advance(left.total_seconds() - 0.001)
    assert world.batch.live_archive(world.clock.now()) is not None
    world.clock.advance(0.001)
    assert world.batch.live_archive(world.clock.now()) is None
    assert world.batch.shown_status(world.clock.now()) is BatchStatus.EXPIRED
    world.finalize.delete(world.which)
    world.finalize.expire(world.which)
    assert world.batch.archive is None


def test_the_sleeping_execution_of_an_earlier_round_harms_nothing(world: World) -> None:
    world.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    world.run(2)
    sleeping = world.which
    world.clock.advance(3 * 3600)
    world.retry_batch(OWNER, "b1")
    world.dispatch_items(OWNER, "b1", 2)
    world.drain()
    world.finish()
    world.clock.advance(3 * 3600 + 1)
    world.finalize.delete(sleeping)
    world.finalize.expire(sleeping)
    archive = world.batch.live_archive(world.clock.now())
    assert archive is not None
    assert archive.key == "archives/b1/2-1.zip"
    assert "archives/b1/1-1.failed_rows.json" not in world.media.objects


def test_a_dropped_batch_leaves_its_archive_and_status_in_the_outbox(world: World) -> None:
    world.media.put("archives/b1/1-1.zip", b"zip", "application/zip")
    world.run(1, drop_key="inbox/mia/Frühling hub.csv")
    assert world.media.bodies["outbox/mia/Frühling hub.zip"] == b"zip"
    assert world.media.bodies["outbox/mia/Frühling hub.json"] == b"completed"


def test_a_taken_name_in_the_outbox_gets_the_batchs_id(world: World) -> None:
    world.store.claim_name("outbox/a", "another", world.clock.now())
    world.media.put("archives/b1/1-1.zip", b"zip", "application/zip")
    world.run(1, drop_key="inbox/a.csv")
    assert "outbox/a-b1.zip" in world.media.objects
    assert "outbox/a.zip" not in world.media.objects
