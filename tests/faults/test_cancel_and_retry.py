"""Cancel and retry at every stage of a batch, twice, and at the same instant as its end."""

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4
from zlib import crc32

import httpx
import pytest

from imagebatch.adapters.dynamodb import DynamoDBBatchStore
from imagebatch.adapters.s3 import S3ObjectStore
from imagebatch.domain.batch import Batch
from imagebatch.domain.batch_manifest import BatchManifest, encode_manifest
from imagebatch.domain.counts import Counts
from imagebatch.domain.errors import Failure, FailureCode
from imagebatch.domain.images import Image
from imagebatch.domain.item import ItemSpec
from imagebatch.domain.model_registry import Mode, Quality
from imagebatch.domain.money import Money
from imagebatch.domain.round_state import RoundState
from imagebatch.domain.statuses import BatchStatus, ItemStatus, Kind
from imagebatch.usecases import keys
from testing.fault_proxy import Rule
from testing.models import built_in
from testing.records import change_item
from tests.faults.checker import check
from tests.faults.harness import CREATE, LOOK, PATIENCE, SETTLED, Case, FaultHarness, every

MODEL = built_in("google/nano-banana-2.1")
PRICE = MODEL.max_price()


def cancel_twice(harness: FaultHarness, batch_id: str) -> None:
    assert harness.post(batch_id, "cancel") == 202
    assert harness.post(batch_id, "cancel") == 202


def cancelled_at(harness: FaultHarness, word: str, held: Rule, rows: int = 2) -> str:
    """Cancels, twice, once a call of the batch is held; then lets it go on."""
    batch_id = harness.submit(word, rows)
    assert held.reached.wait(PATIENCE)
    assert harness.post(batch_id, "retry") == 409
    cancel_twice(harness, batch_id)
    held.go.set()
    return batch_id


def before_its_items_are_stored(harness: FaultHarness, word: str) -> None:
    held = harness.aws.script("hold", "BatchWriteItem", about=word, having="ITEM#000000")
    batch_id = cancelled_at(harness, word, held)
    found = harness.finish(batch_id)
    assert (found.statuses, found.batch.status) == ("cc", "cancelled")
    assert harness.creates(word) == [0, 0]
    assert harness.post(batch_id, "cancel") == 202
    assert harness.post(batch_id, "retry") == 409


def before_its_messages_are_sent(harness: FaultHarness, word: str) -> None:
    held = harness.aws.script("hold", "SendMessageBatch", about=word)
    found = harness.finish(cancelled_at(harness, word, held))
    assert (found.statuses, harness.creates(word)) == ("cc", [0, 0])


def while_an_image_is_asked_for(harness: FaultHarness, word: str) -> None:
    """It is made all the same, and so it is kept."""
    held = harness.provider.script("hold", CREATE, about=word)
    found = harness.finish(cancelled_at(harness, word, held, 12))
    assert found.statuses.count("s") == sum(harness.creates(word, 12)) >= 1
    assert found.batch.status == "cancelled"


def while_an_image_is_made(harness: FaultHarness, word: str) -> None:
    """It is stopped at the provider and costs nothing."""
    harness.fake.script("slow", prompt=word, seconds=300)
    held = harness.provider.script("hold", LOOK, about=word)
    found = harness.finish(cancelled_at(harness, word, held, 1))
    assert (found.statuses, found.batch.money.committed) == ("c", 0)
    assert [prediction.cancelled for prediction in harness.fake.billed(word)] == [True]


def while_an_image_is_stored(harness: FaultHarness, word: str) -> None:
    held = harness.aws.script("hold", "^PUT /.*/images/", about=word)
    found = harness.finish(cancelled_at(harness, word, held, 1))
    assert (found.statuses, found.batch.status) == ("s", "cancelled")


def while_its_worker_lies_dead(harness: FaultHarness, word: str) -> None:
    """The prediction is found by the next delivery and stopped."""
    harness.fake.script("slow", prompt=word, seconds=300)
    killed = harness.provider.script("kill", LOOK, about=word)
    batch_id = harness.submit(word, 1)
    assert killed.reached.wait(PATIENCE)
    cancel_twice(harness, batch_id)
    found = harness.finish(batch_id)
    assert (found.statuses, found.batch.money.committed) == ("c", 0)
    assert [prediction.cancelled for prediction in harness.fake.billed(word)] == [True]


def at_the_very_moment_of_its_last_settle(harness: FaultHarness, word: str) -> None:
    """Whoever comes first: one end, one archive, and the image is there."""
    held = harness.aws.script("hold", "TransactWriteItems", about=word, having=SETTLED)
    batch_id = harness.submit(word, 1)
    assert held.reached.wait(PATIENCE)
    with ThreadPoolExecutor(5) as pool:
        answers = [pool.submit(harness.post, batch_id, "cancel") for _ in range(4)]
        held.go.set()
        codes = {answer.result() for answer in answers}
    found = harness.finish(batch_id)
    assert codes <= {202, 409}
    assert found.statuses == "s"
    assert found.batch.status == ("cancelled" if 202 in codes else "completed")
    assert harness.creates(word, 1) == [1]


def while_it_is_archived_and_after_its_end_it_is_refused(harness: FaultHarness, word: str) -> None:
    held = harness.aws.script("hold", "^PUT /.*/archives/.*zip", about=word)
    batch_id = harness.submit(word)
    assert held.reached.wait(PATIENCE)
    assert (harness.post(batch_id, "cancel"), harness.post(batch_id, "retry")) == (409, 409)
    held.go.set()
    harness.until(batch_id, lambda batch: batch.finished)
    # Before the archive expires: a retry would build it again.
    assert (harness.post(batch_id, "cancel"), harness.post(batch_id, "retry")) == (409, 409)
    found = harness.finish(batch_id)
    assert found.statuses == "ss"


def when_a_retry_has_been_opened(harness: FaultHarness, word: str) -> None:
    """What failed and what the cancel left undone: only the first is retried, and kept cancelled
    when its round is cancelled too.
    """
    harness.fake.script("422", prompt=harness.row(word, 0), times=1)
    harness.fake.script("422", prompt=harness.row(word, 1), times=1)
    batch_id = harness.submit(word, 3)
    assert harness.finish(batch_id).statuses == "ffs"
    held = harness.aws.script("hold", "TransactWriteItems", about=word, having="ROUND#0002#LENGTH")
    assert harness.post(batch_id, "retry") == 202
    assert harness.post(batch_id, "retry") == 409
    assert held.reached.wait(PATIENCE)
    cancel_twice(harness, batch_id)
    held.go.set()
    found = harness.finish(batch_id, round_=2)
    assert (found.statuses, found.batch.status) == ("ccs", "cancelled")
    assert len(found.images) == 1
    assert harness.creates(word, 3) == [1, 1, 1]


def retried_while_the_first_rounds_execution_still_sleeps(harness: FaultHarness, word: str) -> None:
    """Its delete and its expiry, when it wakes, harm nothing of the second round."""
    harness.fake.script("422", prompt=harness.row(word, 1), times=1)
    batch_id = harness.submit(word)
    first = harness.finish(batch_id)
    assert first.statuses == "sf"
    assert first.batch.state.archive is not None
    for _ in every(0.5):
        if (first.batch.expires_at - harness.now()).total_seconds() < 30:  # type: ignore[operator]
            break
    assert harness.post(batch_id, "retry") == 202
    second = harness.finish(batch_id, round_=2)
    assert second.batch.state.archive is not None
    s3, bucket = harness.clients("s3", harness.stack), harness.stack["bucket"]
    for _ in every(1):
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"archives/{batch_id}/")
        keys = {each["Key"] for each in listed["Contents"]}
        if keys == {second.batch.state.archive.key}:
            break
    assert keys == {second.batch.state.archive.key}
    assert harness.finish(batch_id, round_=2).statuses == "ss"
    assert harness.creates(word) == [1, 2]


def retried_twice_at_once(harness: FaultHarness, word: str) -> None:
    harness.fake.script("422", prompt=harness.row(word, 1), times=1)
    batch_id = harness.submit(word)
    harness.finish(batch_id)
    with ThreadPoolExecutor(3) as pool:
        codes = sorted(pool.map(lambda _: harness.post(batch_id, "retry"), range(3)))
    assert codes == [202, 409, 409]
    assert harness.finish(batch_id, round_=2).statuses == "ss"
    assert harness.creates(word) == [1, 2]


def asked_again_after_its_function_died(harness: FaultHarness, word: str) -> None:
    """Under one key it opens one round, also when that has failed again."""
    harness.fake.script("422", prompt=harness.row(word, 1), times=2)
    batch_id = harness.submit(word)
    harness.finish(batch_id)
    opening = r'"retryRequest": \{"S": "\w'
    rule = harness.aws.script("kill_after", "TransactWriteItems", about=word, having=opening)

    def ask() -> httpx.Response:
        path, headers = f"batches/{batch_id}/retry", {"Idempotency-Key": word}
        return harness.ask("POST", path, headers=headers)

    assert ask().status_code >= 500
    assert rule.fired == 1
    answers = [ask()]
    for _ in every(2):
        if answers[-1].status_code == 202:
            break
        answers.append(ask())
    for answer in answers[:-1]:
        assert answer.status_code == 409, answer.text
    found = harness.finish(batch_id, round_=2)
    assert ask().json()["round"] == 2
    assert (found.statuses, harness.creates(word)) == ("sf", [1, 2])


def with_three_failures_of_a_thousand_rows(harness: FaultHarness, word: str) -> None:
    """Only they are made; the archive of all thousand outlives a kill in mid-upload."""
    failed = (3, 77, 900)
    batch_id = a_finished_batch(harness, word, 1000, failed)
    rule = harness.aws.script("kill", "^PUT /.*/archives/.*partNumber=", about=batch_id, after=1)
    assert harness.post(batch_id, "retry") == 202
    harness.until(batch_id, lambda batch: batch.finished and batch.round == 2)
    found = check(batch_id, harness.stack, harness.clients)
    assert rule.fired == 1
    assert (found.statuses, len(found.images)) == ("s" * 1000, 1000)
    assert sorted(create.prompt for create in harness.fake.creates(word)) == sorted(
        f"{word} R{row}" for row in failed
    )


def a_finished_batch(harness: FaultHarness, word: str, rows: int, failed: tuple[int, ...]) -> str:
    """Stores a batch as its first round would have left it, its images all one object."""
    media = S3ObjectStore(harness.clients("s3", harness.stack), harness.stack["bucket"])
    store = DynamoDBBatchStore(harness.clients("dynamodb", harness.stack), harness.stack["table"])
    batch_id, now = uuid4().hex, harness.now().replace(microsecond=0)
    body = hashlib.shake_128(word.encode()).digest(12_000)
    image = media.put(f"batches/{batch_id}/images/one", body, "image/png")
    made = Image(image.key, "image/png", len(body), crc32(body), image.etag, 64, 64)
    planned = [
        ItemSpec(
            index=n, custom_id=f"c{n}", row=n + 2, prompt=f"{word} R{n}", stem=f"car-{n}",
            price=PRICE, input={"prompt": f"{word} R{n}"}, cells=(word, f"R{n}"),
        )
        for n in range(rows)
    ]  # fmt: skip
    plan = BatchManifest(Kind.CARS, ("make", "model"), tuple(planned))
    media.put(keys.plan(batch_id), encode_manifest(plan), "application/gzip")
    tried = [
        change_item(
            each.to_item(), round=1, round_attempts=1, attempts_round=1, attempts=1, version=1
        )
        for each in planned
    ]
    why = Failure(FailureCode.PROVIDER_UNAVAILABLE, "it was down")
    items = [
        change_item(item, status=ItemStatus.FAILED, failure=why)
        if item.index in failed
        else change_item(
            item, status=ItemStatus.SUCCEEDED, cost=PRICE, image=made, file=f"{item.stem}.png"
        )
        for item in tried
    ]
    spent = PRICE * (rows - len(failed))
    store.create(
        Batch(
            id=batch_id, owner="local", kind=Kind.CARS, mode=Mode.LIVE, model=MODEL.id,
            models=(MODEL.batch_copy(Quality.STANDARD, {"1:1"}),),
            name=word, created_at=now, retention_ends_at=now + timedelta(days=1), finished_at=now,
            state=RoundState(
                counts=Counts(succeeded=rows - len(failed), failed=len(failed)),
                status=BatchStatus.COMPLETED, last_dispatched_round=1, round_total=rows,
            ),
            money=Money(committed=spent, actual=spent),
        )
    )  # fmt: skip
    store.add_items("local", batch_id, items)
    return batch_id


@pytest.mark.parametrize(
    "case",
    [
        with_three_failures_of_a_thousand_rows,
        retried_while_the_first_rounds_execution_still_sleeps,
        before_its_items_are_stored,
        before_its_messages_are_sent,
        while_an_image_is_asked_for,
        while_an_image_is_made,
        while_an_image_is_stored,
        while_its_worker_lies_dead,
        at_the_very_moment_of_its_last_settle,
        while_it_is_archived_and_after_its_end_it_is_refused,
        when_a_retry_has_been_opened,
        retried_twice_at_once,
        asked_again_after_its_function_died,
    ],
    ids=lambda case: case.__name__,
)
def test_a_batch_can_be_cancelled_or_retried(case: Case, outcome: Callable[[], None]) -> None:
    outcome()
