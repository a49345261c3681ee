"""Each role against what its function really asked for: nothing is missing, and nothing is spare.

That the policies are enough is proven by all of the deployed suites: the emulator enforces them.
What they grant and no call of this journey needed is named here with its reason.
"""

import json
import time
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import httpx
import pytest

from tests.security.conftest import Site
from tests.support.aws_calls import Call, key_of_function
from tests.support.batches import finished
from tests.support.fake_providers import FakeProviders
from tests.support.journey import (
    Belongings,
    ask,
    cars,
    catalog,
    direct_upload,
    picture,
    prompts,
    until,
    upload,
    variants,
)
from tests.template.rendering import Node, Rendered

POLLER = "Lambda's poller takes messages with the function's role, the emulator's with none"
MISSING = "without it S3 answers 403 for an object that is gone, which is a fault"
KILLED = "after a function was killed alone: tests/faults"
COLLECTED = "the function does for a message given up what the worker does: tests/faults"
LARGE = "of an archive in many parts, and of one whose build was killed"
UNUSED = {
    "ApiFunction s3:ListBucket <Bucket.Arn>": MISSING,
    "DispatcherFunction s3:ListBucket <Bucket.Arn>": MISSING,
    "IntakeFunction s3:ListBucket <Bucket.Arn>": MISSING,
    "WorkerFunction s3:ListBucket <Bucket.Arn>": KILLED,
    "FinalizerFunction s3:AbortMultipartUpload <Bucket.Arn>/archives/*": LARGE,
    "FinalizerFunction s3:AbortMultipartUpload <Bucket.Arn>/outbox/*": LARGE,
    "FinalizerFunction s3:ListBucketMultipartUploads <Bucket.Arn>": LARGE,
    "FinalizerFunction s3:ListMultipartUploadParts <Bucket.Arn>/archives/*": LARGE,
    "DeadLetterFunction dynamodb:BatchGetItem <Table.Arn>": COLLECTED,
    "DeadLetterFunction dynamodb:DeleteItem <Table.Arn>": COLLECTED,
    "DeadLetterFunction dynamodb:UpdateItem <Table.Arn>": COLLECTED,
    "DeadLetterFunction s3:GetObject <Bucket.Arn>/batches/*": COLLECTED,
    "DeadLetterFunction s3:GetObject <Bucket.Arn>/library/*": COLLECTED,
    "DeadLetterFunction s3:ListBucket <Bucket.Arn>": COLLECTED,
    "DeadLetterFunction s3:PutObject <Bucket.Arn>/batches/*": COLLECTED,
    "DeadLetterFunction s3:PutObject <Bucket.Arn>/library/*": COLLECTED,
    "DeadLetterFunction secretsmanager:GetSecretValue <ReplicateSecretArn>": COLLECTED,
    "DeadLetterFunction sqs:SendMessage <ItemQueue.Arn>": COLLECTED,
    "DeadLetterFunction sqs:SendMessageBatch <ItemQueue.Arn>": COLLECTED,
    **{
        f"{function} sqs:{action} <{queue}.Arn>": POLLER
        for function, queue in (
            ("DispatcherFunction", "DispatchQueue"),
            ("WorkerFunction", "ItemQueue"),
            ("DeadLetterFunction", "DeadLetterQueue"),
        )
        for action in ("ReceiveMessage", "DeleteMessage", "GetQueueAttributes")
    },
}


def as_list(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def granted(template: Rendered, owner: str) -> set[tuple[str, str]]:
    return {
        (action, resource)
        for statement in template.statements(owner)
        for action in as_list(statement["Action"])
        for resource in as_list(statement["Resource"])
    }


@pytest.fixture(scope="module")
def template(site: Site) -> Rendered:
    described = site.client("cloudformation").describe_stacks()["Stacks"][0]["Parameters"]
    values = {each["ParameterKey"]: each["ParameterValue"] for each in described}
    return Rendered(**values)


@pytest.fixture(scope="module")
def names(site: Site) -> Node:
    """What the template calls a resource, by what it is called on the stack."""
    stack = site.stack
    api = site.client("lambda").get_function_configuration(
        FunctionName=stack["functions"]["ApiFunction"]
    )["Environment"]["Variables"]
    queues = {
        api["ITEM_QUEUE_URL"]: "<ItemQueue.Arn>",
        api["DISPATCH_QUEUE_URL"]: "<DispatchQueue.Arn>",
        api["DEAD_LETTER_QUEUE_URL"]: "<DeadLetterQueue.Arn>",
    }
    return {
        stack["table"]: "<Table.Arn>",
        stack["bucket"]: "<Bucket.Arn>",
        stack["stateMachineArn"]: "<FinalizerStateMachine>",
        stack["webhookSecretArn"]: "<WebhookSecret.Id>",
        **{url.rsplit("/", 1)[-1]: name for url, name in queues.items()},
    }


def as_in_the_template(resource: str, names: Node) -> str:
    bucket, _, key = resource.partition("/")
    if resource in names:
        return str(names[resource])
    if bucket in names:
        return f"{names[bucket]}/{key}"
    if ":execution:" in resource:
        name, run = "<FinalizerStateMachine.Name>", resource.rsplit(":", maxsplit=1)[-1]
        return f"arn:aws:states:eu-west-1:123456789012:execution:{name}:{run}"
    return resource


@pytest.fixture(scope="module")
def signers(site: Site) -> dict[str, str]:
    """Functions by the access key that they sign with."""
    client = site.client("lambda")
    found = {}
    for logical, name in site.stack["functions"].items():
        about = client.get_function_configuration(FunctionName=name)
        found[key_of_function(about["FunctionArn"], about["Role"])] = logical
    return found


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
    assert api.post("/api/car-batch", files=files, data={"name": word}).status_code == 503
    found = newest(api)
    assert (found["status"], found["name"]) == ("queued", word)
    return str(found["batch_id"])


@pytest.fixture(scope="module")
def whole_life(site: Site, ann: httpx.Client, hers: Belongings) -> None:
    """All that a stack is for, and the repairs that need no killed function."""
    fake, receiver = site.fake, site.receiver.url
    fake.script("failed", prompt="Refused", text="flagged as sensitive (E005)")
    failing = cars(ann, "Refused A", "Fine A", callbackUrl=f"{receiver}/hook")
    assert finished(ann, failing)["outcome"] == "partial"
    fake.clear()
    ask(ann, "POST", f"/api/batches/{failing}/retry", 202)
    assert finished(ann, failing)["outcome"] == "all_succeeded"
    for batch in (failing, hers.variants):
        watch(site, ann, batch)
    nothing_left(ann)
    shirts(site, ann, hers)
    uploads(ann, hers)
    shown = [hers.reference_url, hers.image_url, hers.library_url]
    for address in shown + references(fake):
        assert httpx.get(address, timeout=60).status_code == 200
    drops(site)
    repairs(site, ann)
    ask(site.as_("op", groups=["operators"]), "GET", "/api/queue", 200)
    ask(ann, "POST", "/api/batches/image-candidates", 200, json={"variantIds": [hers.variant]})
    gone = f"/api/batch/{hers.cars}"
    until("expired", lambda: ask(ann, "GET", gone, 200)["status"] == "expired")
    until("deleted", lambda: deleted(site, hers.cars))


def deleted(site: Site, batch: str) -> bool:
    found = site.client("s3").list_objects_v2(
        Bucket=site.stack["bucket"], Prefix=f"archives/{batch}/"
    )
    return not found.get("Contents")


def watch(site: Site, api: httpx.Client, batch: str) -> None:
    """The stream and everything that it links to."""
    answer = api.get(f"/api/v1/batch/{batch}/progress")
    assert answer.status_code == 200
    for address in _addresses(answer.text):
        assert httpx.get(address, timeout=60).status_code == 200
    found = ask(api, "GET", f"/api/batch/{batch}", 200)
    assert httpx.get(found["zipUrl"], timeout=60).status_code == 200
    assert api.get(f"/api/v1/batch/{batch}/download").status_code == 302


def _addresses(stream: str) -> Iterator[str]:
    for line in stream.splitlines():
        if line.startswith("data: "):
            told = json.loads(line.removeprefix("data: "))
            yield from (v for k, v in told.items() if k in {"thumbnail_url", "zip_url"} and v)


def references(fake: FakeProviders) -> list[str]:
    """Every image of ours that the provider was given an address of."""
    given = [address for each in fake.billed() for address in each.input.get("image_input", [])]
    return [address for address in given if "X-Amz-Signature" in address]


def shirts(site: Site, api: httpx.Client, hers: Belongings) -> None:
    """A variant moves to another product, and an image of it is refused."""
    catalog(api, hers.variant + 1, product=11)
    site.fake.script("failed", prompt=f"Shirt {hers.variant + 1}", text="flagged (E005)")
    batch = variants(api, hers.variant + 1, hers.reference_url)
    assert finished(api, batch)["outcome"] == "none_succeeded"
    site.fake.clear()


def nothing_left(api: httpx.Client) -> None:
    """A sheet of which no row can be made is complete as soon as it is dispatched."""
    files = {"file": ("c.csv", b"make,background\nVolvo,purple\n", "text/csv")}
    made = ask(api, "POST", "/api/car-batch", 202, files=files, data={"invalidRows": "skip"})
    assert finished(api, made["jobId"])["status"] in {"completed", "failed"}


def uploads(api: httpx.Client, hers: Belongings) -> None:
    checked = direct_upload(api, picture())
    assert checked["status"] == "ready"
    assert direct_upload(api, b"no picture")["status"] == "rejected"
    assert httpx.get(checked["url"], timeout=60).status_code == 200
    sheet_ = upload(api, "csv", b"make,model\nVolvo,Uploaded\n")
    made = ask(api, "POST", "/api/car-batch", 202, json={"uploadId": sheet_["id"]})
    finished(api, made["jobId"])
    finished(api, prompts(api, {"prompt": "checked", "file": checked["id"]}))
    finished(api, variants(api, hers.variant, hers.library_url, hers.image_url))


def drops(site: Site) -> None:
    client, bucket = site.client("s3"), site.stack["bucket"]
    sheets = {"good": b"make,model\nVolvo,Dropped\n", "bad": b'make\n"'}
    for name, body in sheets.items():
        client.put_object(Bucket=bucket, Key=f"inbox/mia/{name}.csv", Body=body)

    def listed() -> bool:
        found = client.list_objects_v2(Bucket=bucket, Prefix="outbox/").get("Contents", [])
        return {"outbox/mia/good.zip", "outbox/mia/good.json", "outbox/mia/bad.error.json"} <= {
            each["Key"] for each in found
        }

    until("answers in the outbox", listed)


def repairs(site: Site, api: httpx.Client) -> None:
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
    put_off = site.fake.script("429_body", prompt="Throttled", seconds=60)
    given_up, unwanted = cars(api, "Throttled A"), cars(api, "Throttled B")
    until("put off", lambda: site.fake.fired(put_off) >= 2 and waiting(api, given_up, unwanted))
    ask(api, "POST", f"/api/v1/batch/{unwanted}/cancel", 202)
    finished(api, unwanted)
    sweep(site)
    send(site, given_up, "deadLetterQueueUrl")
    assert finished(api, given_up)["errors"][0]["code"] == "crashed"
    site.fake.clear()


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


def used(
    calls: list[Call], signers: dict[str, str], names: Node
) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {function: set() for function in signers.values()}
    for call in calls:
        if call.signer in signers and call.status != 403:
            resource = as_in_the_template(call.resource, names)
            found[signers[call.signer]].add((call.action, resource))
    return found


def spare(template: Rendered, function: str, asked: set[tuple[str, str]]) -> set[tuple[str, str]]:
    return {
        (action, resource)
        for action, resource in granted(template, function)
        if not any(a == action and fnmatchcase(r, resource) for a, r in asked)
    }


def test_every_permission_is_used_or_has_its_reason(
    site: Site, whole_life: None, template: Rendered, names: Node, signers: dict[str, str]
) -> None:
    asked = used(site.calls.made, signers, names)

    key = template.parameters["ReplicateSecretArn"]
    unused = {
        f"{function} {action} {resource.replace(key, '<ReplicateSecretArn>')}"
        for function in asked
        for action, resource in spare(template, function, asked[function])
    }
    assert sorted(unused - UNUSED.keys()) == [], "granted, and never asked for"
    assert sorted(UNUSED.keys() - unused) == [], "needs no reason: it is used"


def test_nothing_was_asked_for_that_no_policy_names(
    site: Site, whole_life: None, template: Rendered, names: Node, signers: dict[str, str]
) -> None:
    asked = used(site.calls.made, signers, names)

    for function, calls in asked.items():
        allowed = granted(template, function)
        for action, resource in calls:
            assert any(action == a and fnmatchcase(resource, r) for a, r in allowed), (
                f"{function} asked for {action} on {resource}"
            )


def test_no_function_was_refused_anything(
    site: Site, whole_life: None, signers: dict[str, str]
) -> None:
    refused = {
        (signers[call.signer], call.action, call.resource)
        for call in site.calls.made
        if call.signer in signers and call.status == 403 and not call.handed_out
    }

    assert refused == set()


def test_the_page_asks_aws_for_nothing(
    site: Site, whole_life: None, signers: dict[str, str]
) -> None:
    [key] = [key for key, function in signers.items() if function == "WebFunction"]

    assert key not in {call.signer for call in site.calls.made}
