from typing import Any

import pytest

from imagebatch.domain.errors import FailureCode, UnavailableError, UndeliveredError
from imagebatch.ports import Receipt
from tests.usecases.test_generate_item import failed
from tests.usecases.world import OWNER, World

HOOK = "https://shop.example/hook?key=7"


def notice(world: World) -> dict[str, Any]:
    """What publishing the round that has just been run hands on."""
    built = world.finalize.build(world.which)
    published = world.finalize.publish(world.which, built["archive"])
    found: dict[str, Any] = published["notice"]
    return found


def deliver(world: World, told: dict[str, Any]) -> None:
    world.notify_owner.deliver(OWNER, "b1", told)


def test_the_end_of_a_round_is_told_once_and_says_what_came_of_it(world: World) -> None:
    world.provider.script("1", failed(FailureCode.CONTENT_REFUSED))
    batch = world.run(3, callback_url=HOOK, name="Spring hub", metadata={"order": "Größe 7"})
    (posted,) = world.webhooks.posted
    assert posted.url == HOOK
    assert posted.body == {
        "type": "batch.completed",
        "timestamp": batch.finished_at.isoformat(timespec="milliseconds")[:23] + "Z",  # type: ignore[union-attr]
        "data": {
            "batch_id": "b1",
            "kind": "cars",
            "name": "Spring hub",
            "status": "completed",
            "outcome": "partial",
            "round": 1,
            "total": 3,
            "succeeded": 2,
            "failed": 1,
            "cancelled": 0,
            "metadata": {"order": "Größe 7"},
        },
    }
    assert world.journal.receipts == [("b1-1-1", Receipt.DELIVERED)]


def test_without_a_callback_address_nobody_is_told(world: World) -> None:
    world.run(1)
    assert world.webhooks.posted == []
    assert world.journal.receipts == []


def test_a_cancelled_batch_and_one_without_an_image_are_told_of_as_such(world: World) -> None:
    world.start(2, callback_url=HOOK)
    world.cancel_batch(OWNER, "b1")
    world.finish()
    assert world.webhooks.posted[-1].body["type"] == "batch.cancelled"
    again = World()
    again.provider.script("0", failed(FailureCode.CONTENT_REFUSED))
    again.run(1, callback_url=HOOK)
    assert again.webhooks.posted[-1].body["type"] == "batch.failed"
    assert again.webhooks.posted[-1].body["data"]["outcome"] == "none_succeeded"


def test_a_receiver_that_does_not_answer_well_is_tried_again_with_the_same_message(
    world: World,
) -> None:
    world.start(1, callback_url=HOOK)
    world.drain()
    told = notice(world)
    world.webhooks.answers = [UndeliveredError("the receiver answered 500")]
    with pytest.raises(UndeliveredError):
        deliver(world, told)
    assert (world.journal.notes, world.journal.receipts) == (["webhook not delivered"], [])
    world.clock.advance(5)
    deliver(world, told)
    first, second = world.webhooks.posted
    assert first == second
    assert world.journal.receipts == [("b1-1-1", Receipt.DELIVERED)]


def test_each_round_is_told_of_under_an_id_of_its_own(world: World) -> None:
    world.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    world.run(2, callback_url=HOOK)
    world.retry_batch(OWNER, "b1")
    world.dispatch_items(OWNER, "b1", 2)
    world.drain()
    world.finish()
    assert [each.message_id for each in world.webhooks.posted] == ["b1-1-1", "b1-2-1"]
    assert [each.body["data"]["succeeded"] for each in world.webhooks.posted] == [1, 2]


def test_what_is_told_late_is_what_the_round_came_to_and_not_what_the_batch_is_by_then(
    world: World,
) -> None:
    world.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    world.start(2, callback_url=HOOK)
    world.drain()
    told = notice(world)
    world.retry_batch(OWNER, "b1")
    deliver(world, told)
    data = world.webhooks.posted[0].body["data"]
    assert (data["round"], data["status"], data["failed"]) == (1, "completed", 1)


def test_publishing_twice_hands_on_the_same_message(world: World) -> None:
    world.start(1, callback_url=HOOK)
    world.drain()
    built = world.finalize.build(world.which)["archive"]
    first = world.finalize.publish(world.which, built)["notice"]
    world.clock.advance(60)
    assert world.finalize.publish(world.which, built)["notice"] == first


def test_a_finalizer_that_gave_up_tells_that_the_batch_failed_and_a_retry_tells_anew(
    world: World,
) -> None:
    world.start(1, callback_url=HOOK)
    world.drain()
    world.builder.faults.append(UnavailableError("S3 is down"))
    with pytest.raises(UnavailableError):
        world.finalize.build(world.which)
    deliver(world, world.finalize.give_up(world.which)["notice"])
    world.retry_batch(OWNER, "b1")
    world.finish()
    assert [(each.message_id, each.body["type"]) for each in world.webhooks.posted] == [
        ("b1-1-1", "batch.failed"),
        ("b1-1-2", "batch.completed"),
    ]


def test_an_attempt_that_is_over_tells_nothing_when_it_gives_up(world: World) -> None:
    world.run(1, callback_url=HOOK)
    over = world.which
    world.clock.advance(6 * 3600 + 1)
    world.retry_batch(OWNER, "b1")
    assert world.finalize.give_up(over) == {"notice": None}


def test_a_receiver_that_is_gone_is_not_called_again_for_this_batch(world: World) -> None:
    world.provider.script("0", failed(FailureCode.PROVIDER_REJECTED))
    world.webhooks.answers = [Receipt.GONE]
    world.run(1, callback_url=HOOK)
    assert world.journal.receipts == [("b1-1-1", Receipt.GONE)]
    world.retry_batch(OWNER, "b1")
    world.dispatch_items(OWNER, "b1", 2)
    world.drain()
    world.finish()
    assert len(world.webhooks.posted) == 1


def test_an_address_we_do_not_call_is_given_up_at_once(world: World) -> None:
    world.webhooks.answers = [Receipt.REFUSED]
    world.run(1, callback_url=HOOK)
    assert world.journal.receipts == [("b1-1-1", Receipt.REFUSED)]


def test_giving_up_a_receiver_is_said_where_operators_look(world: World) -> None:
    world.start(1, callback_url=HOOK)
    world.drain()
    world.notify_owner.give_up("b1", notice(world))
    assert world.journal.receipts == [("b1-1-1", None)]


def test_a_batch_whose_record_is_gone_is_told_to_nobody(world: World) -> None:
    world.notify_owner.deliver(OWNER, "unknown", {"id": "unknown-1-1", "body": {}})
    assert world.webhooks.posted == []
