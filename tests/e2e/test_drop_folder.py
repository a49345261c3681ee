"""The drop folder on the deployed template: a file put under inbox/, its answers under outbox/."""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from botocore.exceptions import ClientError

from testing.batches import HEADER, sheet
from tests.conftest import Aws, Stack

SECONDS = 90


@pytest.fixture
def bucket(stack: Stack, aws: Aws) -> "Bucket":
    return Bucket(aws("s3"), stack["bucket"])


class Bucket:
    def __init__(self, client: Any, name: str) -> None:
        self.client, self.name = client, name

    def put(self, key: str, text: str) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=text.encode())

    def get(self, key: str) -> bytes | None:
        try:
            return bytes(self.client.get_object(Bucket=self.name, Key=key)["Body"].read())
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise

    def wait_for(self, key: str) -> bytes:
        until = time.monotonic() + SECONDS
        while time.monotonic() < until:
            if (body := self.get(key)) is not None:
                return body
            time.sleep(0.25)
        raise AssertionError(f"{key} is not there after {SECONDS} s: {self.list('outbox/')}")

    def list(self, prefix: str) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.name, Prefix=prefix)
        return [each["Key"] for each in found.get("Contents", [])]


@pytest.fixture
def outage(stack: Stack, aws: Aws) -> Iterator["Outage"]:
    """Ended by the test, and in any case by this."""
    made = Outage(stack, aws)
    yield made
    made.end()


class Outage:
    """Everything behind the intake queue refuses its function: the table, the bucket and the next
    queue. Time is scaled: what the queue hides for 75 seconds comes back after one.
    """

    def __init__(self, stack: Stack, aws: Aws) -> None:
        self.sqs, self.iam, self.logs = aws("sqs"), aws("iam"), aws("logs")
        self.queue, name = stack["intakeQueueUrl"], stack["functions"]["IntakeFunction"]
        function = aws("lambda").get_function_configuration(FunctionName=name)
        self.role = str(function["Role"]).rpartition("/")[2]
        self.log = function["LoggingConfig"]["LogGroup"]

    def begin(self) -> None:
        refused = ["dynamodb:*", "s3:*", "sqs:SendMessage"]
        down = {"Effect": "Deny", "Action": refused, "Resource": "*"}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [down]})
        self._hide(1)
        self.iam.put_role_policy(RoleName=self.role, PolicyName="outage", PolicyDocument=policy)

    def end(self) -> None:
        with suppress(self.iam.exceptions.NoSuchEntityException):
            self.iam.delete_role_policy(RoleName=self.role, PolicyName="outage")
        self._hide(75)

    def tries(self) -> int:
        """How often the function was refused."""
        events = self.logs.filter_log_events(logGroupName=self.log, filterPattern="AccessDenied")
        return len(events["events"])

    def _hide(self, seconds: int) -> None:
        hidden = {"VisibilityTimeout": str(seconds)}
        self.sqs.set_queue_attributes(QueueUrl=self.queue, Attributes=hidden)


def test_a_dropped_sheet_gives_an_archive_and_a_status(bucket: Bucket) -> None:
    bucket.put("inbox/mia/Frühling hub.csv", sheet("Drop A", "Drop B"))
    body = bucket.wait_for("outbox/mia/Frühling hub.zip")
    assert zipfile.ZipFile(io.BytesIO(body)).testzip() is None
    found = json.loads(bucket.wait_for("outbox/mia/Frühling hub.json"))
    assert (found["status"], found["done"], found["name"]) == ("completed", 2, "Frühling hub")


def test_a_refused_sheet_gives_the_problem_the_api_gives(bucket: Bucket) -> None:
    bucket.put("inbox/refused.csv", HEADER + "Volvo,V60,2024,purple,1:1,\n")
    problem = json.loads(bucket.wait_for("outbox/refused.error.json"))
    assert (problem["status"], problem["error"]) == (400, "Invalid rows")
    assert problem["details"][0]["row"] == 2
    assert "outbox/refused.zip" not in bucket.list("outbox/")


def test_the_same_event_delivered_twice_is_one_batch(
    stack: Stack, aws: Aws, bucket: Bucket
) -> None:
    key = "inbox/twice.csv"
    bucket.put(key, sheet("Twice"))
    etag = bucket.client.head_object(Bucket=bucket.name, Key=key)["ETag"].strip('"')
    event = {
        "source": "aws.s3",
        "detail-type": "Object Created",
        "detail": {
            "bucket": {"name": bucket.name},
            "object": {"key": key, "size": 1, "etag": etag, "sequencer": "01"},
        },
    }
    for _ in range(2):
        aws("sqs").send_message(QueueUrl=stack["intakeQueueUrl"], MessageBody=json.dumps(event))
    bucket.wait_for("outbox/twice.zip")
    bucket.wait_for("outbox/twice.json")
    assert [k for k in bucket.list("outbox/twice") if k.endswith(".zip")] == ["outbox/twice.zip"]


def test_sheet_dropped_in_an_outage_becomes_one_batch(bucket: Bucket, outage: Outage) -> None:
    outage.begin()
    bucket.put("inbox/outage.Csv", sheet("Outage"))
    until = time.monotonic() + SECONDS
    while outage.tries() < 3:
        assert time.monotonic() < until
        time.sleep(0.25)
    assert bucket.list("outbox/outage") == []
    outage.end()
    found = json.loads(bucket.wait_for("outbox/outage.json"))
    assert (found["status"], found["done"]) == ("completed", 1)
    assert sorted(bucket.list("outbox/outage")) == ["outbox/outage.json", "outbox/outage.zip"]


def test_a_corrected_sheet_takes_the_refusal_away(bucket: Bucket) -> None:
    bucket.put("inbox/corrected.csv", HEADER + "Volvo,V60,2024,purple,1:1,\n")
    bucket.wait_for("outbox/corrected.error.json")
    bucket.put("inbox/corrected.csv", sheet("Corrected"))
    bucket.wait_for("outbox/corrected.json")
    assert "outbox/corrected.error.json" not in bucket.list("outbox/")


def test_same_name_with_new_content_creates_another_batch(bucket: Bucket) -> None:
    bucket.put("inbox/again.csv", sheet("First"))
    first = json.loads(bucket.wait_for("outbox/again.json"))
    bucket.put("inbox/again.csv", sheet("Second"))
    until = time.monotonic() + SECONDS
    while not (others := [k for k in bucket.list("outbox/again-") if k.endswith(".json")]):
        assert time.monotonic() < until
        time.sleep(0.25)
    second = json.loads(bucket.get(others[0]) or b"")
    assert second["jobId"] != first["jobId"]
    assert others == [f"outbox/again-{second['jobId'][:8]}.json"]
