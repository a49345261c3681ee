"""A fault that every picture of a model would have is bought once."""

import pytest

from imagebatch.domain.errors import Failure, FailureCode, UnfitOutputError
from imagebatch.domain.statuses import BatchStatus
from imagebatch.ports.archive import BadMembersError, StoredMember
from imagebatch.ports.images import UnfitImageError
from imagebatch.ports.item_queue import ItemMessage
from testing.app_harness import OWNER, PRICE, AppHarness

WRONG_RATIO = "The image is 9 x 9, which is not the aspect ratio 16:9: choose another ratio."


def kept(app: AppHarness) -> list[str]:
    archive = app.batch.state.archive
    assert archive is not None
    built = app.builder.built[archive.key]
    members = [each for each in built if isinstance(each, StoredMember)]
    return [each.name for each in members if each.name.startswith("rejected/")]


def test_an_ignored_ratio_stops_the_round_and_is_shown(app: AppHarness) -> None:
    app.provider.body = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    app.validator.faults.append(UnfitImageError(WRONG_RATIO))
    batch = app.run(9)
    assert (app.statuses, batch.status) == ("f" * 9, BatchStatus.FAILED)
    failures = {app.item(index).failure for index in range(9)}
    assert failures == {Failure(FailureCode.INVALID_OUTPUT, WRONG_RATIO)}
    assert (len(app.provider.made), batch.money.actual, batch.money.committed) == (1, PRICE, PRICE)
    assert kept(app) == ["rejected/car-0.png"]
    assert FailureCode.INVALID_OUTPUT.retryable


def test_a_malformed_encoding_is_kept_as_it_came(app: AppHarness) -> None:
    app.provider.fetch_faults.append(UnfitOutputError("not valid base64", b"data:;base64,?"))
    app.run(3)
    assert (app.statuses, kept(app)) == ("fff", ["rejected/car-0.bin"])
    image = app.item(0).state.unfit_image
    assert image is not None
    stored = app.media.get(image.key)
    assert stored == b"data:;base64,?"


def test_forbidden_host_aborts_round_without_image(app: AppHarness) -> None:
    app.provider.fetch_faults.append(UnfitOutputError("on a host that is none of ours"))
    app.run(3)
    assert (app.statuses, len(app.provider.made), kept(app)) == ("fff", 1, [])


def test_what_is_made_already_is_collected_all_the_same(app: AppHarness) -> None:
    app.start(3)
    second = app.queue.sent[1].message

    def meanwhile(message: ItemMessage = second) -> None:
        app.deliver(message, seconds=3)

    app.provider.after_create = lambda _: (
        setattr(app.provider, "after_create", lambda _: None) or (meanwhile())
    )
    app.provider.seconds = 20
    app.deliver()
    app.validator.faults.append(UnfitImageError(WRONG_RATIO))
    app.drain()
    assert sorted(app.statuses) == ["f", "f", "s"]
    assert len(app.provider.made) == 2


def test_a_later_round_forgets_the_picture(app: AppHarness) -> None:
    app.validator.faults.append(UnfitImageError(WRONG_RATIO))
    app.run(2)
    app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    app.finish()
    assert (app.statuses, kept(app)) == ("ss", [])


def test_lost_unfit_image_does_not_block_archive(app: AppHarness) -> None:
    app.validator.faults.append(UnfitImageError(WRONG_RATIO))
    app.start(2)
    app.drain()
    app.builder.faults.append(BadMembersError({"rejected/car-0.bin": "gone"}))
    assert app.finish().status is BatchStatus.FAILED
    assert kept(app) == []


@pytest.mark.parametrize("seconds", [0, 130])
def test_a_dead_letter_stops_the_round_too(app: AppHarness, seconds: float) -> None:
    app.provider.seconds = seconds
    app.start(2)
    message = app.queue.sent[0].message
    app.validator.faults.append(UnfitImageError(WRONG_RATIO))
    if seconds:
        app.deliver(message, seconds=20)
        app.clock.advance(200)
        app.dead_letter(message, 120)
    else:
        app.deliver(message)
    assert app.batch.state.abort_reason is not None
