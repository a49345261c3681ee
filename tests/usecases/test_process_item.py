from copy import replace
from datetime import timedelta
from decimal import Decimal
from hashlib import sha256

import pytest

from imagebatch.domain.errors import (
    Failure,
    FailureCode,
    OutputGoneError,
    ProviderAuthError,
    ProviderUnavailableError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from imagebatch.domain.images import thumbnail_key
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from imagebatch.ports.images import BadImageError
from imagebatch.ports.item_queue import ItemMessage, RetryLater
from imagebatch.ports.providers import Prediction, PredictionStatus
from imagebatch.usecases.collect_image import FETCHES
from testing.app_harness import OWNER, AppHarness
from tests.usecases.fault_injection import KilledError

PRICE = Decimal("0.05")


def failed(code: FailureCode, *, try_again: bool = False, billed: bool = False) -> Prediction:
    failure = Failure.of(code, "because")
    return Prediction(
        "", PredictionStatus.FAILED, failure=failure, try_again=try_again, billed=billed
    )


def test_every_row_becomes_one_image(app: AppHarness) -> None:
    batch = app.run(3)
    assert (app.statuses, batch.status) == ("sss", BatchStatus.COMPLETED)
    assert [made.prompt for made in app.provider.made] == ["0", "1", "2"]
    assert app.builder.images("archives/b1/1-1.zip") == ["car-0.png", "car-1.png", "car-2.png"]
    assert batch.money.actual == batch.money.committed == 3 * PRICE


def test_long_batch_has_only_its_window_in_queue(app: AppHarness) -> None:
    app.start(20)
    assert app.queue.indices == [0, 1, 2]
    for settled in range(1, 10):
        app.deliver()
        assert app.queue.indices == [*range(settled + 3)]
    app.drain()
    assert app.queue.indices == list(range(20))


def test_a_batch_holds_back_while_its_messages_wait_long(app: AppHarness) -> None:
    """Who waits has others before it; one at once again, and every worker gets a message."""
    app.start(20)
    for _ in range(3):
        app.deliver()
    for position in (3, 4):
        message = app.queue.sent[position].message
        app.deliver(replace(message, queue_wait_seconds=4.0))
    assert app.queue.indices == list(range(7))
    app.deliver(replace(app.queue.sent[5].message, queue_wait_seconds=0.1))
    assert app.queue.indices == list(range(9))
    app.drain()
    assert app.statuses == "s" * 20


def test_round_opening_messages_do_not_signal_load(app: AppHarness) -> None:
    app.start(20)
    for position in range(3):
        app.deliver(replace(app.queue.sent[position].message, queue_wait_seconds=9.0))
    assert app.queue.indices == [*range(6)]


def test_redelivered_message_repeats_its_admitted_entries(app: AppHarness) -> None:
    app.start(5)
    message = app.queue.sent[0].message
    app.deliver()
    assert app.queue.indices[3:] == [3]
    app.deliver(message)
    assert app.queue.indices[3:] == [3, 3]
    app.drain()
    app.deliver(message)
    assert sorted(app.queue.indices) == [0, 1, 2, 3, 3, 4]


def test_a_message_delivered_twice_makes_one_image(app: AppHarness) -> None:
    app.start(3)
    message = app.queue.sent[0].message
    app.deliver(message)
    assert app.deliver(message) is None
    assert app.provider.creates("0") == 1
    assert app.statuses == "spp"


def test_leased_item_is_redelivered_when_lease_ends(app: AppHarness) -> None:
    app.start(1)
    message = app.queue.sent[0].message
    seen = []
    app.provider.after_create = lambda _: seen.append(app.deliver(message))
    app.deliver()
    assert isinstance(seen[0], RetryLater)
    assert app.provider.creates("0") == 1


def test_a_refused_prompt_fails_at_once_and_costs_nothing(app: AppHarness) -> None:
    app.provider.script("1", failed(FailureCode.CONTENT_REFUSED))
    batch = app.run(3)
    assert (app.statuses, batch.status, batch.outcome) == ("sfs", "completed", "partial")
    assert app.provider.creates("1") == 1
    assert batch.errors[0].failure.code is FailureCode.CONTENT_REFUSED
    assert batch.money.actual == batch.money.committed == 2 * PRICE


def test_transiently_failed_prediction_is_retried_once(app: AppHarness) -> None:
    app.provider.script("0", failed(FailureCode.PROVIDER_UNAVAILABLE, try_again=True))
    app.run(1)
    assert (app.statuses, app.item(0).state.attempts) == ("s", 2)
    assert app.batch.money.actual == PRICE


def test_a_lasting_fault_fails_the_item_after_two_tries(app: AppHarness) -> None:
    fault = failed(FailureCode.PROVIDER_UNAVAILABLE, try_again=True)
    app.provider.script("0", *[fault] * 5)
    app.run(1)
    assert app.statuses == "f"
    assert len(app.provider.steps["0"]) == 3
    assert app.batch.money.committed == 0


def test_a_429_waits_as_told_and_uses_no_try(app: AppHarness) -> None:
    app.provider.script("0", *[RateLimitedError("slow down", 30)] * 4)
    app.start(1)
    for _ in range(4):
        app.deliver()
        assert app.statuses == "p"
        assert app.queue.waiting[-1].delay >= 30
        app.clock.advance(31)
    app.deliver()
    assert (app.statuses, app.item(0).state.attempts) == ("s", 1)


def test_rate_limit_pauses_all_items(app: AppHarness) -> None:
    app.provider.script("0", RateLimitedError("slow down", 30))
    app.start(2)
    app.deliver()
    app.deliver()
    assert app.provider.made == []
    assert app.batch.waiting_for(app.clock.now()) is not None
    app.drain()
    assert app.statuses == "ss"


def test_six_hours_of_429_abort_the_round(app: AppHarness) -> None:
    for index in range(12):
        app.provider.script(str(index), *[RateLimitedError("slow down", 3000)] * 20)
    batch = app.run(12)
    assert app.statuses == "f" * 12
    assert {error.failure.code for error in batch.errors} == {FailureCode.PROVIDER_RATE_LIMITED}
    assert timedelta(hours=6) <= app.clock.now() - batch.created_at < timedelta(hours=12)
    assert (batch.money.committed, app.provider.made) == (0, [])


def test_generated_image_restarts_the_six_hours(app: AppHarness) -> None:
    app.start(2)
    for message in [app.queue.pop(), app.queue.pop()]:
        assert message is not None
        app.provider.script(str(message.index), *[RateLimitedError("slow down", 3600)] * 5)
        for _ in range(5):
            app.deliver(message)
            app.clock.advance(3600)
        app.deliver(message)
    assert app.statuses == "ss"


def test_a_wrong_key_fails_what_is_left_unasked(app: AppHarness) -> None:
    app.provider.script("1", ProviderAuthError("The provider does not accept the key"))
    batch = app.run(20)
    assert app.statuses == "s" + 19 * "f"
    assert len(app.provider.made) == 1
    assert {app.item(i).failure.code for i in range(1, 20)} == {FailureCode.PROVIDER_AUTH}  # type: ignore[union-attr]
    assert batch.money.committed == PRICE


def test_a_bad_input_fails_with_the_providers_reason(app: AppHarness) -> None:
    app.provider.script("0", RejectedError(FailureCode.INVALID_INPUT, "prompt is too long"))
    app.run(1)
    assert app.batch.errors[0].failure.reason == "prompt is too long"


def test_invalid_image_is_regenerated_and_paid_twice(app: AppHarness) -> None:
    app.validator.faults.append(BadImageError("The image is blank"))
    app.run(1)
    assert (app.statuses, app.provider.creates("0")) == ("s", 2)
    assert app.batch.money.actual == 2 * PRICE


@pytest.mark.parametrize("failure", [BadImageError("cut"), UnavailableError("S3"), IndexError()])
def test_a_thumbnail_that_fails_leaves_its_image_alone(app: AppHarness, failure: Exception) -> None:
    app.thumbnailer.faults.append(failure)

    app.run(2)

    assert app.statuses == "ss"
    images = [app.item(index).image for index in range(2)]
    assert [image and image.thumbnail for image in images] == [None, True]
    assert [thumbnail_key(i.key) in app.media.objects for i in images if i] == [False, True]


def test_two_bad_pictures_are_invalid_output(app: AppHarness) -> None:
    app.validator.faults.extend([BadImageError("The image is blank")] * 2)
    app.run(1)
    assert app.item(0).failure == Failure(FailureCode.INVALID_OUTPUT, "The image is blank")
    assert app.batch.money.actual == app.batch.money.committed == 2 * PRICE


@pytest.mark.parametrize(("try_again", "creates"), [(True, 2), (False, 1)])
def test_a_success_without_an_image_is_spent(
    app: AppHarness, try_again: bool, creates: int
) -> None:
    empty = failed(FailureCode.INVALID_OUTPUT, try_again=try_again, billed=True)
    app.provider.script("0", empty, empty)
    app.start(1)
    app.drain()
    assert app.statuses == "f"
    assert len(app.provider.made) == creates
    assert app.batch.money.actual == app.batch.money.committed == creates * PRICE


def test_unreadable_prediction_is_spent(app: AppHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> object:
        raise RejectedError(FailureCode.PROVIDER_REJECTED, "no")

    monkeypatch.setattr(app.provider, "get", refuse)
    app.start(1)
    app.drain()
    assert (app.statuses, app.batch.money.actual) == ("f", PRICE)


def test_failed_download_is_repeated_without_a_new_create(
    app: AppHarness,
) -> None:
    app.provider.fetch_faults.extend([ProviderUnavailableError("cut")] * 4)
    app.start(1)
    app.deliver()
    assert app.statuses == "r"
    app.drain()
    assert (app.statuses, app.provider.creates("0")) == ("s", 1)


def test_an_output_that_is_gone_is_made_once_more(app: AppHarness) -> None:
    app.provider.fetch_faults.append(OutputGoneError("The output link expired"))
    app.run(1)
    assert (app.statuses, app.provider.creates("0")) == ("s", 2)


def test_a_slow_prediction_is_carried_on_by_later_deliveries(app: AppHarness) -> None:
    app.provider.seconds = 130
    app.start(1)
    app.deliver()
    assert (app.statuses, app.item(0).state.lease) == ("r", None)
    app.drain()
    assert (app.statuses, app.provider.creates("0")) == ("s", 1)
    assert len(app.queue.sent) == 3


def test_item_over_deadline_is_cancelled_at_provider(app: AppHarness) -> None:
    app.provider.seconds = 1000
    app.run(1)
    assert app.item(0).failure.code is FailureCode.DEADLINE_EXCEEDED  # type: ignore[union-attr]
    assert app.provider.made[0].cancelled
    assert app.batch.money.committed == 0
    assert app.provider.creates("0") == 1


def test_unstoppable_prediction_still_ends(
    app: AppHarness,
) -> None:
    app.provider.seconds, app.provider.obeys_cancel = 10**6, False
    app.run(1)
    assert app.item(0).failure.code is FailureCode.DEADLINE_EXCEEDED  # type: ignore[union-attr]


def test_late_prediction_is_still_collected(
    app: AppHarness,
) -> None:
    app.provider.seconds, app.provider.obeys_cancel = 303, False
    app.run(1)
    assert (app.statuses, app.provider.creates("0")) == ("s", 1)


def test_maximum_cost_holds_and_rest_is_not_generated(app: AppHarness) -> None:
    app.provider.lists = False
    app.start(3, max_cost=3 * PRICE)
    app.provider.script("0", ProviderUnavailableError("cut", maybe_billed=True))
    app.drain()
    assert app.statuses == "fss"
    assert app.item(0).failure.code is FailureCode.BUDGET_EXHAUSTED  # type: ignore[union-attr]
    assert len(app.provider.made) == 3
    assert app.batch.money.committed == 3 * PRICE


@pytest.mark.parametrize("call", ["save_item", "commit"])
@pytest.mark.parametrize("applied", [True, False])
def test_a_worker_killed_at_a_write_leaves_nothing_lost(
    app: AppHarness, call: str, *, applied: bool
) -> None:
    app.start(1)
    app.store.fail_next(call, KilledError(), applied=applied)
    message = app.queue.sent[0].message
    with pytest.raises(KilledError):
        app.deliver(message)
    app.clock.advance(75)
    app.deliver(message)
    assert app.statuses == "s"
    assert app.provider.creates("0") <= 2
    if applied and call == "save_item":
        assert app.provider.creates("0") == 1


def test_worker_killed_after_storing_does_not_regenerate(app: AppHarness) -> None:
    app.start(1)
    message = app.queue.sent[0].message
    app.media.before_next("put", lambda: None)  # the thumbnail
    app.media.fail_next("put", KilledError(), applied=True)
    with pytest.raises(KilledError):
        app.deliver(message)
    app.clock.advance(75)
    app.provider.fetch_faults.append(OutputGoneError("expired"))
    app.deliver(message)
    assert (app.statuses, app.provider.creates("0")) == ("s", 1)
    image = app.item(0).image
    assert image is not None
    assert image.thumbnail
    assert image.provenance is not None
    assert image.provenance.sha256 == sha256(app.media.bodies[image.key]).hexdigest()
    assert image.provenance.prediction == app.provider.made[0].id


def test_worker_killed_after_settle_still_admits_next(
    app: AppHarness,
) -> None:
    app.start(7)
    message = app.queue.sent[0].message
    app.queue.fail_next("send", KilledError())
    with pytest.raises(KilledError):
        app.deliver(message)
    app.deliver(message)
    assert app.queue.indices[3:] == [3]


def test_redelivered_last_settle_starts_one_finalizer(
    app: AppHarness,
) -> None:
    app.start(1)
    message = app.queue.sent[0].message
    app.finalizer.fail_next("start", UnavailableError("lost"))
    with pytest.raises(UnavailableError):
        app.deliver(message)
    app.deliver(message)
    app.deliver(message)
    assert app.finalizer.started == [(OWNER, "b1", 1, 1)]


def test_duplicate_delivery_starts_the_finalizer_of_a_killed_one(app: AppHarness) -> None:
    """The item is settled between the reads of the batch and of the item."""
    app.start(1)
    message = app.queue.sent[0].message

    def settle_and_die() -> None:
        app.finalizer.fail_next("start", KilledError())
        with pytest.raises(KilledError):
            app.deliver(message)

    app.store.before_next("get_item", settle_and_die)
    assert app.deliver(message) is None
    assert app.finalizer.started == [(OWNER, "b1", 1, 1)]


def delivered_in_vain(app: AppHarness) -> ItemMessage:
    """An image is paid for and cannot be stored."""
    app.start(1)
    message = app.queue.sent[0].message
    app.media.fail_next("put", UnavailableError("S3 is down"), times=2)
    with pytest.raises(UnavailableError):
        app.deliver(message)
    app.clock.advance(75)
    return message


def test_dead_letter_collects_the_paid_image(app: AppHarness) -> None:
    message = delivered_in_vain(app)
    assert app.dead_letter(message, 60) is None
    assert (app.statuses, app.provider.creates("0")) == ("s", 1)


def test_dead_letter_waits_for_an_unavailable_provider(app: AppHarness) -> None:
    message = delivered_in_vain(app)
    for _ in range(3):
        app.provider.fetch_faults += [ProviderUnavailableError("503")] * FETCHES
        busy = app.dead_letter(message, 60)
        assert isinstance(busy, RetryLater)
        assert app.statuses == "r"
        app.clock.advance((busy.until - app.clock.now()).total_seconds())
    assert app.dead_letter(message, 60) is None
    assert (app.statuses, app.provider.creates("0")) == ("s", 1)


def test_a_dead_letter_does_not_wait_for_ever(app: AppHarness) -> None:
    message = delivered_in_vain(app)
    app.provider.fetch_faults += [ProviderUnavailableError("503")] * 1000
    while busy := app.dead_letter(message, 60):
        app.clock.advance((busy.until - app.clock.now()).total_seconds())
    assert app.item(0).failure.code is FailureCode.CRASHED  # type: ignore[union-attr]
    assert (app.batch.money.actual, app.batch.money.committed) == (PRICE, PRICE)


def test_a_dead_letter_without_an_image_ends_as_crashed(app: AppHarness) -> None:
    app.start(1)
    message = app.queue.sent[0].message
    assert app.dead_letter(message, 60) is None
    assert app.item(0).failure.code is FailureCode.CRASHED  # type: ignore[union-attr]
    assert app.batch.status is BatchStatus.ARCHIVING
    assert app.item(0).status is ItemStatus.FAILED
