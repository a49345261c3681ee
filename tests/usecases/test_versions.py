"""Which image of an item counts, and archives that are built again for it."""

from collections.abc import Callable

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain.errors import FailureCode, InvalidRequestError, StateConflictError
from imagebatch.domain.item import Item
from imagebatch.domain.round_state import ArchiveState
from imagebatch.domain.statuses import BatchStatus
from imagebatch.ports.archive import BadMembersError
from imagebatch.usecases.finalize_batch import FinalizerRun
from testing.app_harness import OWNER, AppHarness
from tests.usecases.test_process_item import failed


@pytest.fixture
def app() -> AppHarness:
    """Three images, the second of which was made twice."""
    app = AppHarness()
    app.run(3, callback_url="https://shop.example.com/hook")
    app.redo_items("c1")
    app.drain()
    app.finish()
    return app


def choose(app: AppHarness, number: int, custom_id: str = "c1") -> Item:
    return app.choose(OWNER, "b1", custom_id, number)[1]


def archived(app: AppHarness) -> dict[str, str]:
    """The keys of the images in the archive, by their names."""
    assert app.batch.state.archive is not None
    built = app.builder.built[app.batch.state.archive.key]
    return {each.name: each.key for each in built if hasattr(each, "key")}


def test_others_than_the_chosen_image_are_alternates(app: AppHarness) -> None:
    first, second = app.item(1).all_versions
    names = archived(app)
    assert list(names) == ["car-0.png", "car-1.png", "car-2.png", "alternates/car-1-v1.png"]
    assert names["car-1.png"] == second.image.key
    assert names["alternates/car-1-v1.png"] == first.image.key


def test_choice_outdates_archive_until_reverted(app: AppHarness) -> None:
    assert not app.batch.archive_outdated
    item = choose(app, 1)
    assert (item.image, item.chosen_number) == (item.all_versions[0].image, 1)
    assert app.batch.archive_outdated
    before = app.batch
    choose(app, 1)
    assert app.batch == before
    choose(app, 2)
    assert not app.batch.archive_outdated


def test_an_outdated_archive_is_built_again_without_spending(app: AppHarness) -> None:
    choose(app, 1)
    before, told = app.batch, len(app.telemetry.receipts)
    rebuilding = app.rebuild(OWNER, "b1")
    assert rebuilding.status is BatchStatus.COMPLETED
    assert rebuilding.archive_state(app.clock.now()) is ArchiveState.BUILDING
    assert app.rebuild(OWNER, "b1") == rebuilding
    batch = app.finish()
    assert batch.archive_state(app.clock.now()) is ArchiveState.READY
    assert (batch.status, batch.finished_at, batch.round) == (
        before.status,
        before.finished_at,
        before.round,
    )
    assert batch.money.actual == before.money.actual
    assert not batch.archive_outdated
    assert archived(app)["car-1.png"] == app.item(1).all_versions[0].image.key
    assert len(app.telemetry.receipts) == told
    assert app.rebuild(OWNER, "b1") == batch


def test_an_expired_archive_is_built_again(app: AppHarness) -> None:
    old = app.finalizer_run
    app.clock.advance(6 * 3600 + 2)
    app.finalize.delete(old)
    app.finalize.expire(old)
    now = app.clock.now()
    assert app.rebuild(OWNER, "b1").effective_status(now) is BatchStatus.EXPIRED
    batch = app.finish()
    assert batch.effective_status(now) is BatchStatus.COMPLETED
    assert batch.state.archive is not None
    assert batch.state.archive.key == "archives/b1/2-2.zip"
    app.finalize.delete(old)
    assert app.batch == batch


def test_old_archive_is_available_during_rebuild(app: AppHarness) -> None:
    old, run = app.batch.state.archive, app.finalizer_run
    choose(app, 1)
    app.rebuild(OWNER, "b1")
    assert app.batch.available_archive(app.clock.now()) == old
    app.finalize.give_up(app.finalizer_run)
    batch = app.batch
    assert (batch.state.archive, batch.status) == (old, BatchStatus.COMPLETED)
    assert batch.archive_state(app.clock.now()) is ArchiveState.READY
    app.finalize.publish(FinalizerRun(OWNER, "b1", run.round, run.attempt + 7), {})
    assert app.batch == batch


def test_a_choice_during_a_build_makes_its_archive_outdated(app: AppHarness) -> None:
    choose(app, 1)
    app.rebuild(OWNER, "b1")
    built = app.finalize.build(app.finalizer_run)
    choose(app, 2)
    app.finalize.publish(app.finalizer_run, built["archive"])
    assert app.batch.archive_outdated
    app.rebuild(OWNER, "b1")
    app.finish()
    assert not app.batch.archive_outdated


def test_a_new_image_is_chosen_whatever_was_before(app: AppHarness) -> None:
    choose(app, 1)
    app.redo_items("c1")
    app.drain()
    batch, item = app.finish(), app.item(1)
    assert (item.chosen_number, len(item.all_versions)) == (3, 3)
    assert not batch.archive_outdated
    assert "alternates/car-1-v2.png" in archived(app)


def test_a_failed_redo_keeps_the_choice(app: AppHarness) -> None:
    choose(app, 1)
    app.provider.script("1", failed(FailureCode.CONTENT_REFUSED))
    app.redo_items("c1")
    app.drain()
    app.finish()
    assert app.item(1).chosen_number == 1
    assert not app.batch.archive_outdated


@pytest.mark.parametrize("number", [0, 3, 99])
def test_a_version_that_is_not_there_cannot_be_chosen(app: AppHarness, number: int) -> None:
    with pytest.raises(InvalidRequestError, match="Unknown version"):
        choose(app, number)


def test_a_version_whose_object_is_gone_cannot_be_chosen(app: AppHarness) -> None:
    app.media.delete(app.item(1).all_versions[0].image.key)
    with pytest.raises(InvalidRequestError, match="Version is gone"):
        choose(app, 1)


@pytest.mark.parametrize(
    ("lost", "chosen", "left"),
    [("car-1.png", 1, 1), ("alternates/car-1-v1.png", 2, 1), ("car-0.png", None, 0)],
)
def test_a_lost_image_gives_way_to_another_version(
    app: AppHarness, lost: str, chosen: int | None, left: int
) -> None:
    index = 0 if lost == "car-0.png" else 1
    app.clock.advance(6 * 3600 + 2)
    app.rebuild(OWNER, "b1")
    app.builder.faults.append(BadMembersError({lost: "gone"}))
    batch, item = app.finish(), app.item(index)
    assert item.chosen_number == chosen
    assert sum(not version.lost for version in item.all_versions) == left
    assert batch.counts.failed == (0 if left else 1)
    assert app.statuses == ("sss" if left else "fss")
    assert not batch.archive_outdated
    assert archived(app).keys().isdisjoint({"alternates/car-1-v2.png"})


@pytest.mark.parametrize(
    "use",
    [
        lambda app: choose(app, 1),
        lambda app: app.rebuild(OWNER, "b1"),
        lambda app: app.redo_items("c0"),
    ],
)
def test_after_retention_nothing_is_chosen_or_built(
    app: AppHarness, use: Callable[[AppHarness], object]
) -> None:
    app.clock.advance(8 * 86_400)
    with pytest.raises(StateConflictError) as refused:
        use(app)
    assert status_of(refused.value) == 410


def test_a_running_batch_has_no_archive_to_build_again() -> None:
    app = AppHarness()
    app.start(1)
    with pytest.raises(StateConflictError, match="not finished"):
        app.rebuild(OWNER, "b1")
    assert app.batch.archive_state(app.clock.now()) is ArchiveState.NONE


def test_failed_archive_is_rebuilt_only_by_retry() -> None:
    app = AppHarness()
    app.start(1)
    app.drain()
    app.finalize.give_up(app.finalizer_run)
    assert app.batch.archive_state(app.clock.now()) is ArchiveState.FAILED
    with pytest.raises(StateConflictError, match="could not be built"):
        app.rebuild(OWNER, "b1")


def test_a_new_round_overtakes_a_rebuild(app: AppHarness) -> None:
    choose(app, 1)
    app.rebuild(OWNER, "b1")
    run = app.finalizer_run
    built = app.finalize.build(run)
    app.redo_items("c0")
    app.finalize.publish(run, built["archive"])
    assert app.batch.status is BatchStatus.PROCESSING
    app.drain()
    app.finish()
    assert not app.batch.rebuilding
    assert app.finalize.delete(run) == {}
