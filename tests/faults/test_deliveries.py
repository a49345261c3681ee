"""Messages that come twice, at once or out of order; parts of AWS that fail for a while."""

import json
from collections.abc import Callable

import pytest

from testing.fault_proxy import Rule
from tests.faults.harness import COMPLETED, PATIENCE, SETTLED, Case, FaultHarness, every

GIVEN_UP_AFTER = 4
"""How often the SDK asks."""
IMAGE = r"^{} /.*/images/(?!\S*\.thumb\.webp)"


def every_message_twice_and_twice_at_the_same_time(harness: FaultHarness, word: str) -> None:
    """Those that come while the image is made, at once; those that come after, to no effect."""
    harness.fake.script("slow", prompt=word, seconds=40)
    busy = harness.aws.script("count", "ChangeMessageVisibility", times=None)
    batch_id = harness.submit(word, 3)
    harness.until(batch_id, lambda batch: batch.counts.processing == 3)
    harness.send(batch_id, 0, 1, 2)
    harness.send(batch_id, 0, 1, 2)
    before = harness.finish(batch_id)
    asked = harness.aws.operations[word]
    known = asked.count("BatchGetItem")
    harness.send(batch_id, 0, 1, 2)
    for _ in every(0.2):
        if asked.count("BatchGetItem") >= known + 6:  # its batch with its item, then its batch
            break
    after = harness.finish(batch_id)
    assert asked.count("BatchGetItem") >= known + 6
    assert busy.fired > 0
    assert before == after
    assert (after.statuses, harness.creates(word, 3)) == ("sss", [1, 1, 1])


def messages_in_reverse(harness: FaultHarness, word: str) -> None:
    held = harness.aws.script("hold", "SendMessageBatch", about=word)
    batch_id = harness.submit(word, 8)
    assert held.reached.wait(PATIENCE)
    harness.send(batch_id, *reversed(range(8)))
    harness.until(batch_id, lambda batch: batch.counts.succeeded > 0)
    held.go.set()
    found = harness.finish(batch_id)
    assert (found.statuses, harness.creates(word, 8)) == ("s" * 8, [1] * 8)


def a_finalizer_that_is_started_twice(harness: FaultHarness, word: str) -> None:
    """Once more under the same name, and once more beside it: both build and publish."""
    lost = harness.aws.script("drop_reply", "StartExecution", about=word)
    held = harness.aws.script("hold", "^PUT /.*/archives/.*zip", about=word)
    batch_id = harness.submit(word)
    assert held.reached.wait(PATIENCE)
    request = {"owner": "local", "batchId": batch_id, "round": 1, "attempt": 1}
    harness.clients("stepfunctions", harness.stack).start_execution(
        stateMachineArn=harness.stack["stateMachineArn"],
        name=f"{batch_id}-again",
        input=json.dumps(request),
    )
    held.go.set()
    found = harness.finish(batch_id)
    assert lost.fired == 1
    assert (found.statuses, found.batch.state.attempt) == ("ss", 1)


def a_finalizer_that_is_killed_before_and_after_its_upload(
    harness: FaultHarness, word: str
) -> None:
    put = "^PUT /.*/archives/.*zip"
    before = harness.aws.script("kill", put, about=word)
    after = harness.aws.script("kill_after", put, about=word)
    found = harness.finish(harness.submit(word))
    assert (before.fired, after.fired) == (1, 1)
    assert (found.statuses, len(found.images)) == ("ss", 2)


def a_finalizer_that_is_killed_right_after_it_published(harness: FaultHarness, word: str) -> None:
    rule = harness.aws.script("kill_after", "TransactWriteItems", about=word, having=COMPLETED)
    found = harness.finish(harness.submit(word))
    assert rule.fired == 1
    assert (found.statuses, len(found.images)) == ("ss", 2)


def a_start_of_the_finalizer_that_is_lost(harness: FaultHarness, word: str) -> None:
    rule = harness.aws.script(
        "error", "StartExecution", about=word, times=GIVEN_UP_AFTER, status=503
    )
    found = harness.finish(harness.submit(word))
    assert rule.fired == GIVEN_UP_AFTER
    assert found.statuses == "ss"


def messages_that_the_queue_takes_only_in_part(harness: FaultHarness, word: str) -> None:
    """The table too writes the items in part, and a read of the dispatch list comes back in part,
    for rows beyond the window.
    """
    stored = harness.aws.script("partial", "BatchWriteItem", about=word, times=3)
    sent = harness.aws.script("partial", "SendMessageBatch", about=word, times=3)
    read = harness.aws.script("partial", "BatchGetItem", about=word)
    found = harness.finish(harness.submit(word, 18))
    assert (stored.fired, sent.fired, read.fired) == (3, 3, 1)
    assert (found.statuses, harness.creates(word, 18)) == ("s" * 18, [1] * 18)


def a_bucket_that_answers_500_and_503(harness: FaultHarness, word: str) -> None:
    """More often than the SDK asks, so that a delivery and a build fail; the image is made once."""
    slow = {"status": 503, "code": "SlowDown"}
    rules = [
        harness.aws.script("error", IMAGE.format("PUT"), about=word, times=6, **slow),
        harness.aws.script("error", IMAGE.format("HEAD"), about=word),
        harness.aws.script("error", IMAGE.format("GET"), about=word, times=2),
        harness.aws.script("truncate", IMAGE.format("GET"), about=word),
        harness.aws.script("error", "^PUT /.*/archives/", about=word, times=5, **slow),
    ]
    found = harness.finish(harness.submit(word, 1))
    assert [rule.fired for rule in rules] == [6, 1, 2, 1, 5]
    assert (found.statuses, harness.creates(word, 1)) == ("s", [1])


def a_table_that_is_throttled_and_in_conflict(harness: FaultHarness, word: str) -> None:
    slow = {"status": 400, "code": "ProvisionedThroughputExceededException"}
    batch_id = harness.submit(word, 3)
    rules = [
        harness.aws.script("error", "Query", about=word, times=5, **slow),
        harness.aws.script("conflict", "TransactWriteItems", about=word, times=4),
        harness.aws.script("error", "TransactWriteItems", about=word, times=3, **slow),
    ]
    found = harness.finish(batch_id)
    assert all(rule.fired for rule in rules)
    assert found.statuses == "sss"


def answers_of_the_table_that_are_lost_after_the_write(harness: FaultHarness, word: str) -> None:
    """The claim's, the saved prediction's, the settle's and the end's; the SDK asks once more, and
    what was written is not written twice.
    """
    writes = {
        r'"creating": \{"BOOL": true\}': "TransactWriteItems",
        ":new_prediction": "UpdateItem",
        SETTLED: "TransactWriteItems",
        COMPLETED: "TransactWriteItems",
    }
    rules = [
        harness.aws.script("drop_reply", operation, about=word, having=having)
        for having, operation in writes.items()
    ]
    found = harness.finish(harness.submit(word))
    assert [rule.fired for rule in rules] == [1, 1, 1, 1]
    assert (found.statuses, harness.creates(word)) == ("ss", [1, 1])


def answers_to_a_submit_and_a_retry_that_are_lost(harness: FaultHarness, word: str) -> None:
    """The submit writes the models' entries, with numbers such as 2.0."""
    models, opening = '"typicalSeconds"', r'"retryRequest": \{"S": "\w'
    harness.fake.script("422", prompt=harness.row(word, 1), times=1)
    created = harness.aws.script("drop_reply", "TransactWriteItems", about=word, having=models)
    batch_id = harness.submit(word)
    harness.finish(batch_id)
    opened = harness.aws.script("drop_reply", "TransactWriteItems", about=word, having=opening)
    headers = {"Idempotency-Key": word}
    answer = harness.ask("POST", f"batches/{batch_id}/retry", headers=headers)
    assert answer.status_code == 202
    assert (created.fired, opened.fired) == (1, 1)
    found = harness.finish(batch_id, round_=2)
    assert (found.statuses, harness.creates(word)) == ("ss", [1, 2])


def a_message_that_nobody_can_read(harness: FaultHarness, word: str) -> None:
    """It goes to the dead-letter queue and out of it, and harms no batch."""
    for body in ("not JSON", "{}", json.dumps({"owner": "local", "batchId": "nobody's"})):
        harness.send_body(body)
    found = harness.finish(harness.submit(word))
    assert found.statuses == "ss"
    sqs = harness.clients("sqs", harness.stack)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    for _ in every(1):
        queues = (harness.stack["itemQueueUrl"], harness.stack["deadLetterQueueUrl"])
        depths = [sqs.get_queue_attributes(QueueUrl=q, AttributeNames=names) for q in queues]
        if not any(int(depth["Attributes"][name]) for depth in depths for name in names):
            return
    raise AssertionError("the messages are still there")


def a_row_that_fails_at_every_delivery_is_collected_by_the_dead_letter_function(
    harness: FaultHarness, word: str
) -> None:
    """The bucket refuses its image five deliveries long; what was paid for is not lost."""
    times = 5 * GIVEN_UP_AFTER
    rule = harness.aws.script("error", "^PUT /.*/images/", about=word, times=times, status=503)
    found = harness.finish(harness.submit(word, 1))
    assert rule.fired == times
    assert (found.statuses, harness.creates(word, 1)) == ("s", [1])


def a_dispatch_that_died_half_way(harness: FaultHarness, word: str) -> None:
    """With the items stored and no list."""
    rule = harness.aws.script("kill", "TransactWriteItems", about=word, having=r"ROUND#0001#LENGTH")
    dispatched_by_the_sweeper(harness, word, rule, 3)


def a_dispatch_that_died_between_two_writes_of_items(harness: FaultHarness, word: str) -> None:
    """With 25 of 30 items stored."""
    rule = harness.aws.script("kill_after", "BatchWriteItem", about=word)
    dispatched_by_the_sweeper(harness, word, rule, 30)


def a_dispatch_that_died_before_it_sent_a_message(harness: FaultHarness, word: str) -> None:
    rule = harness.aws.script("kill", "SendMessageBatch", about=word)
    dispatched_by_the_sweeper(harness, word, rule, 3)


def dispatched_by_the_sweeper(harness: FaultHarness, word: str, rule: Rule, rows: int) -> None:
    batch_id = harness.submit(word, rows)
    assert rule.reached.wait(PATIENCE)
    assert harness.sweep() > 0
    found = harness.finish(batch_id)
    assert (found.statuses, harness.creates(word, rows)) == ("s" * rows, [1] * rows)


@pytest.mark.parametrize(
    "case",
    [
        a_row_that_fails_at_every_delivery_is_collected_by_the_dead_letter_function,
        a_message_that_nobody_can_read,
        every_message_twice_and_twice_at_the_same_time,
        messages_in_reverse,
        a_finalizer_that_is_started_twice,
        a_finalizer_that_is_killed_before_and_after_its_upload,
        a_finalizer_that_is_killed_right_after_it_published,
        a_start_of_the_finalizer_that_is_lost,
        messages_that_the_queue_takes_only_in_part,
        a_bucket_that_answers_500_and_503,
        a_table_that_is_throttled_and_in_conflict,
        answers_of_the_table_that_are_lost_after_the_write,
        answers_to_a_submit_and_a_retry_that_are_lost,
        a_dispatch_that_died_half_way,
        a_dispatch_that_died_between_two_writes_of_items,
        a_dispatch_that_died_before_it_sent_a_message,
    ],
    ids=lambda case: case.__name__,
)
def test_a_batch_survives(case: Case, outcome: Callable[[], None]) -> None:
    outcome()
