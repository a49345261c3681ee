from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from imagebatch.domain.batch import BatchStatus, ItemStatus
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
from imagebatch.ports import BadImageError, Busy, ItemMessage, Prediction, PredictionStatus
from imagebatch.usecases.collect_image import FETCHES
from tests.usecases.world import OWNER, World

PRICE = Decimal("0.05")


class KilledError(BaseException):
    """The process is gone: nothing after this line ran."""


def failed(code: FailureCode, *, try_again: bool = False) -> Prediction:
    failure = Failure.of(code, "because")
    return Prediction("", PredictionStatus.FAILED, failure=failure, try_again=try_again)


def test_every_row_becomes_one_image(world: World) -> None:
    batch = world.run(3)
    assert (world.statuses, batch.status) == ("sss", BatchStatus.COMPLETED)
    assert [made.prompt for made in world.provider.made] == ["0", "1", "2"]
    assert world.builder.images("archives/b1/1-1.zip") == ["car-0.png", "car-1.png", "car-2.png"]
    assert batch.actual == batch.committed == 3 * PRICE


def test_a_long_batch_has_only_its_share_in_the_queue(world: World) -> None:
    world.start(20)
    assert world.queue.indices == [0, 1, 2]
    for settled in range(1, 10):
        world.deliver()
        assert world.queue.indices == [*range(settled + 3)]
    world.drain()
    assert world.queue.indices == list(range(20))


def test_a_batch_holds_back_while_its_messages_wait_long(world: World) -> None:
    """Who waits has others before it; one at once again, and every worker gets a message."""
    world.start(20)
    for _ in range(3):
        world.deliver()
    for position in (3, 4):
        message = world.queue.sent[position].message
        world.deliver(replace(message, waited=4.0))
    assert world.queue.indices == list(range(7))
    world.deliver(replace(world.queue.sent[5].message, waited=0.1))
    assert world.queue.indices == list(range(9))
    world.drain()
    assert world.statuses == "s" * 20


def test_what_opens_a_round_may_wait_for_workers_to_start(world: World) -> None:
    world.start(20)
    for position in range(3):
        world.deliver(replace(world.queue.sent[position].message, waited=9.0))
    assert world.queue.indices == [*range(6)]


def test_a_repeated_message_repeats_what_it_released_until_that_is_claimed(world: World) -> None:
    world.start(5)
    message = world.queue.sent[0].message
    world.deliver()
    assert world.queue.indices[3:] == [3]
    world.deliver(message)
    assert world.queue.indices[3:] == [3, 3]
    world.drain()
    world.deliver(message)
    assert sorted(world.queue.indices) == [0, 1, 2, 3, 3, 4]


def test_a_message_delivered_twice_makes_one_image(world: World) -> None:
    world.start(3)
    message = world.queue.sent[0].message
    world.deliver(message)
    assert world.deliver(message) is None
    assert world.provider.creates("0") == 1
    assert world.statuses == "spp"


def test_a_delivery_that_meets_a_live_lease_comes_back_when_it_ends(world: World) -> None:
    world.start(1)
    message = world.queue.sent[0].message
    seen = []
    world.provider.after_create = lambda _: seen.append(world.deliver(message))
    world.deliver()
    assert isinstance(seen[0], Busy)
    assert world.provider.creates("0") == 1


def test_a_refused_prompt_fails_at_once_and_costs_nothing(world: World) -> None:
    world.provider.script("1", failed(FailureCode.CONTENT_REFUSED))
    batch = world.run(3)
    assert (world.statuses, batch.status, batch.outcome) == ("sfs", "completed", "partial")
    assert world.provider.creates("1") == 1
    assert batch.errors[0].failure.code is FailureCode.CONTENT_REFUSED
    assert batch.actual == batch.committed == 2 * PRICE


@pytest.mark.parametrize(
    "fault",
    [
        ProviderUnavailableError("500"),
        failed(FailureCode.PROVIDER_UNAVAILABLE, try_again=True),
    ],
)
def test_a_passing_fault_is_tried_once_more(world: World, fault: object) -> None:
    world.provider.script("0", fault)
    world.run(1)
    assert (world.statuses, world.item(0).attempts) == ("s", 2)
    assert world.batch.actual == PRICE


def test_a_lasting_fault_fails_the_item_after_two_tries(world: World) -> None:
    world.provider.script("0", *[ProviderUnavailableError("503")] * 5)
    world.run(1)
    assert world.statuses == "f"
    assert len(world.provider.steps["0"]) == 3
    assert world.batch.committed == 0


def test_a_create_whose_answer_was_lost_counts_as_a_try_and_as_spent(world: World) -> None:
    world.provider.script("0", ProviderUnavailableError("cut", billed_perhaps=True))
    world.run(1)
    assert (world.statuses, world.provider.creates("0")) == ("s", 2)
    assert world.batch.actual == 2 * PRICE


def test_a_429_waits_as_told_and_uses_no_try(world: World) -> None:
    world.provider.script("0", *[RateLimitedError("slow down", 30)] * 4)
    world.start(1)
    for _ in range(4):
        world.deliver()
        assert world.statuses == "p"
        assert world.queue.waiting[-1].delay >= 30
        world.clock.advance(31)
    world.deliver()
    assert (world.statuses, world.item(0).attempts) == ("s", 1)


def test_while_the_provider_says_wait_no_other_item_asks_it(world: World) -> None:
    world.provider.script("0", RateLimitedError("slow down", 30))
    world.start(2)
    world.deliver()
    world.deliver()
    assert world.provider.made == []
    assert world.batch.waiting_for(world.clock.now()) is not None
    world.drain()
    assert world.statuses == "ss"


def test_a_provider_that_only_says_wait_ends_the_round_after_six_hours(world: World) -> None:
    for index in range(12):
        world.provider.script(str(index), *[RateLimitedError("slow down", 3000)] * 20)
    batch = world.run(12)
    assert world.statuses == "f" * 12
    assert {error.failure.code for error in batch.errors} == {FailureCode.PROVIDER_RATE_LIMITED}
    assert timedelta(hours=6) <= world.clock.now() - batch.created_at < timedelta(hours=12)
    assert (batch.committed, world.provider.made) == (0, [])


def test_an_image_between_two_waits_starts_the_six_hours_anew(world: World) -> None:
    world.start(2)
    for message in [world.queue.pop(), world.queue.pop()]:
        assert message is not None
        world.provider.script(str(message.index), *[RateLimitedError("slow down", 3600)] * 5)
        for _ in range(5):
            world.deliver(message)
            world.clock.advance(3600)
        world.deliver(message)
    assert world.statuses == "ss"


def test_a_wrong_key_fails_what_is_left_unasked(world: World) -> None:
    world.provider.script("1", ProviderAuthError("The provider does not accept the key"))
    batch = world.run(20)
    assert world.statuses == "s" + 19 * "f"
    assert len(world.provider.made) == 1
    assert {world.item(i).failure.code for i in range(1, 20)} == {FailureCode.PROVIDER_AUTH}  # type: ignore[union-attr]
    assert batch.committed == PRICE


def test_a_bad_input_fails_with_the_providers_reason(world: World) -> None:
    world.provider.script("0", RejectedError(FailureCode.INVALID_INPUT, "prompt is too long"))
    world.run(1)
    assert world.batch.errors[0].failure.reason == "prompt is too long"


def test_a_bad_picture_is_made_once_more_and_paid_twice(world: World) -> None:
    world.inspector.faults.append(BadImageError("The image is blank"))
    world.run(1)
    assert (world.statuses, world.provider.creates("0")) == ("s", 2)
    assert world.batch.actual == 2 * PRICE


def test_two_bad_pictures_are_invalid_output(world: World) -> None:
    world.inspector.faults.extend([BadImageError("The image is blank")] * 2)
    world.run(1)
    assert world.item(0).failure == Failure(FailureCode.INVALID_OUTPUT, "The image is blank")
    assert world.batch.actual == world.batch.committed == 2 * PRICE


def test_an_image_that_cannot_be_downloaded_now_is_collected_later_not_made_again(
    world: World,
) -> None:
    world.provider.fetch_faults.extend([ProviderUnavailableError("cut")] * 4)
    world.start(1)
    world.deliver()
    assert world.statuses == "r"
    world.drain()
    assert (world.statuses, world.provider.creates("0")) == ("s", 1)


def test_an_output_that_is_gone_is_made_once_more(world: World) -> None:
    world.provider.fetch_faults.append(OutputGoneError("The output link expired"))
    world.run(1)
    assert (world.statuses, world.provider.creates("0")) == ("s", 2)


def test_a_slow_prediction_is_carried_on_by_later_deliveries(world: World) -> None:
    world.provider.seconds = 130
    world.start(1)
    world.deliver()
    assert (world.statuses, world.item(0).lease) == ("r", None)
    world.drain()
    assert (world.statuses, world.provider.creates("0")) == ("s", 1)
    assert len(world.queue.sent) == 3


def test_an_item_over_its_time_is_stopped_at_the_provider(world: World) -> None:
    world.provider.seconds = 1000
    world.run(1)
    assert world.item(0).failure.code is FailureCode.DEADLINE_EXCEEDED  # type: ignore[union-attr]
    assert world.provider.made[0].cancelled
    assert world.batch.committed == 0
    assert world.provider.creates("0") == 1


def test_a_prediction_that_never_ends_and_cannot_be_stopped_still_ends_here(world: World) -> None:
    world.provider.seconds, world.provider.obeys_cancel = 10**6, False
    world.run(1)
    assert world.item(0).failure.code is FailureCode.DEADLINE_EXCEEDED  # type: ignore[union-attr]


def test_a_prediction_that_finishes_after_its_time_is_collected_all_the_same(world: World) -> None:
    world.provider.seconds, world.provider.obeys_cancel = 303, False
    world.run(1)
    assert (world.statuses, world.provider.creates("0")) == ("s", 1)


def test_the_cost_cap_holds_and_the_rest_is_never_generated(world: World) -> None:
    world.start(3, max_cost=3 * PRICE)
    world.provider.script("0", ProviderUnavailableError("cut", billed_perhaps=True))
    world.drain()
    assert world.statuses == "ssf"
    assert world.item(2).failure.code is FailureCode.BUDGET_EXHAUSTED  # type: ignore[union-attr]
    assert len(world.provider.made) == 3
    assert world.batch.committed == 3 * PRICE


@pytest.mark.parametrize("call", ["save_item", "commit"])
@pytest.mark.parametrize("applied", [True, False])
def test_a_worker_killed_at_a_write_leaves_nothing_lost(
    world: World, call: str, *, applied: bool
) -> None:
    world.start(1)
    world.store.fail_next(call, KilledError(), applied=applied)  # type: ignore[arg-type]
    message = world.queue.sent[0].message
    with pytest.raises(KilledError):
        world.deliver(message)
    world.clock.advance(75)
    world.deliver(message)
    assert world.statuses == "s"
    assert world.provider.creates("0") <= 2
    if applied and call == "save_item":
        assert world.provider.creates("0") == 1


def test_a_worker_killed_after_the_image_was_stored_does_not_make_it_again(world: World) -> None:
    world.start(1)
    message = world.queue.sent[0].message
    world.media.fail_next("put", KilledError(), applied=True)  # type: ignore[arg-type]
    with pytest.raises(KilledError):
        world.deliver(message)
    world.clock.advance(75)
    world.provider.fetch_faults.append(OutputGoneError("expired"))
    world.deliver(message)
    assert (world.statuses, world.provider.creates("0")) == ("s", 1)


def test_a_worker_killed_right_after_the_settle_still_releases_what_follows(world: World) -> None:
    world.start(7)
    message = world.queue.sent[0].message
    world.queue.fail_next("send", KilledError())  # type: ignore[arg-type]
    with pytest.raises(KilledError):
        world.deliver(message)
    world.deliver(message)
    assert world.queue.indices[3:] == [3]


def test_the_last_settle_starts_the_finalizer_once_however_often_it_is_delivered(
    world: World,
) -> None:
    world.start(1)
    message = world.queue.sent[0].message
    world.finalizer.fail_next("start", UnavailableError("lost"))
    with pytest.raises(UnavailableError):
        world.deliver(message)
    world.deliver(message)
    world.deliver(message)
    assert world.finalizer.started == [(OWNER, "b1", 1, 1)]


def delivered_in_vain(world: World) -> ItemMessage:
    """An image is paid for and cannot be stored."""
    world.start(1)
    message = world.queue.sent[0].message
    world.media.fail_next("put", UnavailableError("S3 is down"))
    with pytest.raises(UnavailableError):
        world.deliver(message)
    world.clock.advance(75)
    return message


def test_a_dead_letter_collects_the_image_that_was_paid_for(world: World) -> None:
    message = delivered_in_vain(world)
    assert world.dead_letter(message, lambda: 60.0) is None
    assert (world.statuses, world.provider.creates("0")) == ("s", 1)


def test_a_dead_letter_waits_for_a_provider_that_does_not_answer(world: World) -> None:
    message = delivered_in_vain(world)
    for _ in range(3):
        world.provider.fetch_faults += [ProviderUnavailableError("503")] * FETCHES
        busy = world.dead_letter(message, lambda: 60.0)
        assert isinstance(busy, Busy)
        assert world.statuses == "r"
        world.clock.advance((busy.until - world.clock.now()).total_seconds())
    assert world.dead_letter(message, lambda: 60.0) is None
    assert (world.statuses, world.provider.creates("0")) == ("s", 1)


def test_a_dead_letter_does_not_wait_for_ever(world: World) -> None:
    message = delivered_in_vain(world)
    world.provider.fetch_faults += [ProviderUnavailableError("503")] * 1000
    while busy := world.dead_letter(message, lambda: 60.0):
        world.clock.advance((busy.until - world.clock.now()).total_seconds())
    assert world.item(0).failure.code is FailureCode.CRASHED  # type: ignore[union-attr]
    assert (world.batch.actual, world.batch.committed) == (PRICE, PRICE)


def test_a_dead_letter_without_an_image_ends_as_crashed(world: World) -> None:
    world.start(1)
    message = world.queue.sent[0].message
    assert world.dead_letter(message, lambda: 60.0) is None
    assert world.item(0).failure.code is FailureCode.CRASHED  # type: ignore[union-attr]
    assert world.batch.status is BatchStatus.ARCHIVING
    assert world.item(0).status is ItemStatus.FAILED
