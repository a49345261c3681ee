"""What was lost on the way, and who notices: no batch hangs. Nothing is killed here."""

import json
import time
from pathlib import Path
from typing import Any

import httpx

from testing.batches import finished
from testing.scenario import ask, cars, catalog, until, upload, variants
from tests.security.conftest import Site

DROPPED = Path(__file__).parents[2] / "events" / "intake.json"
THROTTLED_SHIRT = 7061


def sweep(site: Site) -> None:
    """Once nothing has moved for a second, which is what this stack calls too long."""
    time.sleep(1.5)
    answer = site.client("lambda").invoke(
        FunctionName=site.stack["functions"]["SweeperFunction"], Payload=b"{}"
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def newest(api: httpx.Client) -> dict[str, Any]:
    return dict(ask(api, "GET", "/api/v1/batch?limit=1", 200)["items"][0])


def undispatched(site: Site, api: httpx.Client, word: str) -> str:
    """A batch whose first message was lost."""
    site.calls.script("error", r"^SendMessage$", about=word, times=4)
    files = {"file": ("c.csv", f"make,model\nVolvo,{word}\n".encode(), "text/csv")}
    ask(api, "POST", "/api/car-batch", 503, files=files, data={"name": word})
    found = newest(api)
    assert (found["status"], found["name"]) == ("queued", word)
    return str(found["batch_id"])


def repairs(site: Site, api: httpx.Client, reference_url: str) -> None:
    lost = undispatched(site, api, "Undispatched")
    sweep(site)
    finished(api, lost)
    forgotten = undispatched(site, api, "Forgotten")
    ask(api, "POST", f"/api/v1/batch/{forgotten}/cancel", 202)
    sweep(site)
    finished(api, forgotten)
    rule = site.calls.script("error", "^StartExecution$", about="Unarchived", times=4)
    unarchived = cars(api, "Unarchived")
    until("refused", lambda: rule.fired == 4)
    sweep(site)
    finished(api, unarchived)
    delivered_twice(site, api)
    missing(site, api)
    catalog(api, THROTTLED_SHIRT)
    throttled = f"Throttled|Shirt {THROTTLED_SHIRT}"
    put_off = site.fake.script("429_body", prompt=throttled, seconds=60)
    given_up, unwanted = variants(api, THROTTLED_SHIRT, reference_url), cars(api, "Throttled")
    until("put off", lambda: site.fake.fired(put_off) >= 2 and waiting(api, given_up, unwanted))
    ask(api, "POST", f"/api/v1/batch/{unwanted}/cancel", 202)
    finished(api, unwanted)
    sweep(site)
    send(site, given_up, "deadLetterQueueUrl")
    assert finished(api, given_up)["errors"][0]["code"] == "crashed"
    site.fake.clear()


def missing(site: Site, api: httpx.Client) -> None:
    """Objects that are gone when somebody looks for them."""
    s3, bucket = site.client("s3"), site.stack["bucket"]
    listed = upload(api, "csv", b"make\nVolvo\n")
    s3.delete_object(Bucket=bucket, Key=f"uploads/{listed['id']}")
    ask(api, "POST", "/api/car-batch", 503, json={"uploadId": listed["id"]})

    gone = "inbox/ann/taken away.csv"
    event = json.loads(DROPPED.read_text())
    announced = json.loads(event["Records"][0]["body"])
    announced["detail"]["object"]["key"] = gone
    event["Records"][0]["body"] = json.dumps(announced)
    answer = site.client("lambda").invoke(
        FunctionName=site.stack["functions"]["IntakeFunction"], Payload=json.dumps(event).encode()
    )
    assert json.load(answer["Payload"]) == {"batchItemFailures": []}
    until("missed", lambda: site.calls.asked("s3:ListBucket", 404, gone))
    s3.put_object(Bucket=bucket, Key="inbox/ann/empty yet.csv", Body=b"")
    until("put off", lambda: postponed(site, "IntakeQueue"))

    planless = undispatched(site, api, "Planless")
    plan = {"Bucket": bucket, "Key": f"batches/{planless}/plan.jsonl.gz"}
    body = s3.get_object(**plan)["Body"].read()
    s3.delete_object(**plan)
    sweep(site)
    until("missed", lambda: site.calls.asked("s3:ListBucket", 404, plan["Key"]))
    s3.put_object(**plan, Body=body)
    sweep(site)
    finished(api, planless)


def postponed(site: Site, queue: str) -> bool:
    """Whether a function has let a message of the queue come back later."""
    action = "sqs:ChangeMessageVisibility"
    return any(call.action == action and queue in call.resource for call in site.calls.made)


def send(site: Site, batch: str, queue: str) -> None:
    """The message of the batch's first item once more."""
    message = {"owner": "ann", "batchId": batch, "round": 1, "position": 0, "index": 0}
    site.client("sqs").send_message(QueueUrl=site.stack[queue], MessageBody=json.dumps(message))


def delivered_twice(site: Site, api: httpx.Client) -> None:
    """While somebody is at the item: both are put off until its lease ends."""
    site.fake.latency = 8.0
    slow = cars(api, "Slow")
    until("being made", lambda: site.fake.creates("Slow"))
    for queue in ("itemQueueUrl", "deadLetterQueueUrl"):
        send(site, slow, queue)
    finished(api, slow)
    site.fake.latency = 0.0


def waiting(api: httpx.Client, *batches: str) -> bool:
    found = [ask(api, "GET", f"/api/batch/{id_}", 200) for id_ in batches]
    return all(each["waitingFor"] and not each["processing"] for each in found)
