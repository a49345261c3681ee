"""What killed functions and half-done uploads leave behind, and who clears it away."""

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from testing.batches import finished
from testing.fault_proxy import Rule
from testing.scenario import cars, catalog, until, variants
from tests.security.conftest import Site
from tests.security.recovery import newest, send

FIRST_IMAGE = "^PUT /.*/000000-"
SHIRT, KEPT_SHIRT = 70510001, 70510002
HEAVY = ("Heavy 1", "Heavy 2", "Heavy 3")
LARGE = 8 * 1024 * 1024
"""Beyond it a copy within the bucket is made in parts."""


def killed_workers(site: Site, api: httpx.Client, reference_url: str) -> list[str]:
    """Batches, each with a row that only a later delivery can end; nobody waits for it yet.

    One is left to the queue. Of the others the dead-letter function gets the message.
    """
    catalog(api, SHIRT, KEPT_SHIRT)
    redelivered = _killed(site, "kill", "Redelivered")
    killed = [cars(api, "Redelivered")]
    until("killed", lambda: redelivered.fired)
    with _kept_from_workers(site):
        killed += _left_to_the_dead_letter_function(site, api, reference_url)
    return killed


def _left_to_the_dead_letter_function(
    site: Site, api: httpx.Client, reference_url: str
) -> list[str]:
    killed = []
    # The other rows fill the queue until long after, so that its end makes room for one that waits.
    many = [f"Collected {row}" for row in range(10)]
    site.fake.script("slow", prompt=r"Collected [1-9]\b", seconds=30)
    for action, word, submit in (
        ("kill", "Collected", lambda: cars(api, *many)),
        ("kill_after", "Stored", lambda: cars(api, "Stored")),
        ("kill", str(SHIRT), lambda: variants(api, SHIRT, reference_url)),
        ("kill_after", str(KEPT_SHIRT), lambda: variants(api, KEPT_SHIRT, reference_url)),
    ):
        rule = _killed(site, action, word)
        killed.append(submit())
        until("killed", lambda rule=rule: rule.fired)
        send(site, killed[-1], "deadLetterQueueUrl")
    return killed


@contextmanager
def _kept_from_workers(site: Site) -> Iterator[None]:
    """Keep the messages of killed workers invisible, or another worker may receive them first."""
    sqs, queue = site.client("sqs"), {"QueueUrl": site.stack["itemQueueUrl"]}
    before = sqs.get_queue_attributes(**queue, AttributeNames=["VisibilityTimeout"])["Attributes"]
    sqs.set_queue_attributes(**queue, Attributes={"VisibilityTimeout": "120"})
    try:
        yield
    finally:
        sqs.set_queue_attributes(**queue, Attributes=before)


def _killed(site: Site, action: str, word: str) -> Rule:
    return site.calls.script(action, FIRST_IMAGE, about=word)


def all_collected(api: httpx.Client, batches: list[str]) -> None:
    for batch in batches:
        assert finished(api, batch)["outcome"] == "all_succeeded"


def large_archive(site: Site, api: httpx.Client) -> None:
    """In parts: over what a killed build left, and to an outbox that fails half way."""
    s3, bucket = site.client("s3"), site.stack["bucket"]
    site.fake.script("heavy", prompt="Heavy")
    held = site.calls.script("hold", "^StartExecution$", about="Heavy")
    rows = "".join(f"Volvo,{word}\n" for word in HEAVY)
    s3.put_object(Bucket=bucket, Key="inbox/ann/heavy.csv", Body=f"make,model\n{rows}".encode())
    assert held.reached.wait(60)
    batch = str(newest(api)["batch_id"])
    archive = {"Bucket": bucket, "Key": f"archives/{batch}/1-1.zip"}
    left = s3.create_multipart_upload(**archive)["UploadId"]
    s3.upload_part(**archive, UploadId=left, PartNumber=1, Body=b"of another build")
    refused = site.calls.script(
        "error", "^PUT /.*/outbox/.*partNumber=", about="heavy", times=None, status=503,
        code="SlowDown",
    )  # fmt: skip
    held.go.set()
    until("ended", lambda: site.calls.asked("s3:AbortMultipartUpload", 204, "/outbox/"))
    site.calls.rules.remove(refused)

    def delivered() -> bool:
        found = s3.list_objects_v2(Bucket=bucket, Prefix="outbox/ann/heavy.zip").get("Contents", [])
        return bool(found) and found[0]["Size"] > LARGE

    until("delivered", delivered)
    assert finished(api, batch)["outcome"] == "all_succeeded"
    for prefix in ("archives/", "outbox/"):
        assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket, Prefix=prefix)
