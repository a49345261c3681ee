"""What people do with a stack, and what it does by itself: the part of its life that goes well."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx

from testing.accounts import Accounts
from testing.batches import finished
from testing.erasures import Erasures
from testing.fake_providers import FakeProviders
from testing.scenario import (
    OwnedResources,
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
from tests.security.conftest import MAX_ACTIVE_BATCHES, Site


def what_people_do(site: Site, ann: httpx.Client, hers: OwnedResources) -> None:
    fake, receiver = site.fake, site.receiver.url
    earlier = references(fake)
    fake.script("failed", prompt="Refused", text="flagged as sensitive (E005)")
    failing = cars(ann, "Refused A", "Fine A", callbackUrl=f"{receiver}/hook")
    assert finished(ann, failing)["outcome"] == "partial"
    fake.clear()
    ask(ann, "POST", f"/api/batches/{failing}/retry", 202)
    assert finished(ann, failing)["outcome"] == "all_succeeded"
    shirt = variants(ann, hers.variant, hers.reference_url)
    finished(ann, shirt)
    for batch in (failing, shirt):
        watch(site, ann, batch)
    nothing_left(ann)
    ask(ann, "POST", f"/api/batches/{failing}/share", 201, json={"hours": 1})
    shirts(site, ann, hers)
    uploads(ann, hers)
    shown = [hers.reference_url, hers.image_url, hers.library_url]
    given = [address for address in references(fake) if address not in earlier]
    assert given
    for address in shown + given:  # other tests delete what they gave
        assert httpx.get(address, timeout=60).status_code == 200, address
    drops(site)
    ask(site.as_("op", groups=["operators"]), "GET", "/api/queue", 200)
    assert ask(site.as_("op", groups=["operators"]), "GET", "/api/doctor", 200)["checks"]
    assert ask(site.as_("op", groups=["operators"]), "POST", "/api/models/check", 200)["items"]
    ask(ann, "POST", "/api/batches/image-candidates", 200, json={"variantIds": [hers.variant]})
    mia = site.as_("mia")
    told_again(ann, failing)
    erased(site)
    assert ann.delete(f"/api/uploads/{upload(ann, 'csv', b'make')['id']}").status_code == 204
    deletes(site, ann, failing, shirt)
    dropped = ask(mia, "GET", "/api/v1/batch", 200)["items"]
    deletes(site, mia, *(each["batch_id"] for each in dropped))


def told_again(api: httpx.Client, batch: str) -> None:
    """Ten seconds after the last try at the earliest."""
    path = f"/api/batches/{batch}/webhooks"
    assert ask(api, "GET", path, 200)["items"][0]["status"] == "delivered"
    until("sent again", lambda: api.post(f"{path}/1/replay").status_code == 200)


def erased(site: Site) -> None:
    """An owner without batches: those would be waited for."""
    upload(site.as_("zoe"), "csv", b"make")
    bucket = site.stack["bucket"]
    site.client("s3").put_object(Bucket=bucket, Key="inbox/zoe/notes.txt", Body=b"no sheet")
    operator = site.as_("op", groups=["operators"])
    job = ask(operator, "POST", "/api/erase", 202, json={"owner": "zoe"})
    abandon(site, "inbox/zoe/notes.csv")
    Erasures(site.client("dynamodb"), site.stack["table"]).age("zoe")

    def receipt() -> dict[str, Any]:
        return ask(operator, "GET", f"/api/erase/{job['id']}", 200)

    sweep_until(site, "erased", lambda: receipt()["status"] == "done")
    assert receipt()["removed"]["uploads"] == 1


def abandon(site: Site, *keys: str) -> None:
    """The intake gave these files up."""
    for key in keys:
        found = {"key": key, "etag": "e", "size": 1}
        site.client("sqs").send_message(
            QueueUrl=site.stack["intakeDeadLetterQueueUrl"],
            MessageBody=json.dumps({"detail": {"object": found}}),
        )


def sweep_until(site: Site, what: str, look: Callable[[], bool]) -> None:
    """A sweep on a busy machine may end before it has done all."""

    def found() -> bool:
        sweep(site)
        return look()

    until(what, found)


def sweep(site: Site) -> None:
    answer = site.client("lambda").invoke(
        FunctionName=site.stack["functions"]["SweeperFunction"], Payload=b"{}"
    )
    assert "FunctionError" not in answer, answer["Payload"].read()


def deletes(site: Site, api: httpx.Client, *batches: str) -> None:
    """The sweeper goes through each deletion once more."""
    for batch in batches:
        assert api.delete(f"/api/batches/{batch}").status_code == 204
        ask(api, "GET", f"/api/batch/{batch}", 404)
    late = [f"{folder}/{batches[0]}/late" for folder in ("archives", "batches", "library")]
    store = {"Bucket": site.stack["bucket"]}
    for key in late:  # what was at work when the batch was deleted may still write
        site.client("s3").put_object(**store, Key=key, Body=b"late")

    def is_gone() -> bool:
        listed = [site.client("s3").list_objects_v2(**store, Prefix=key) for key in late]
        return not any("Contents" in found for found in listed)

    sweep_until(site, "gone", is_gone)


def gone_in_the_end(site: Site, api: httpx.Client, batch: str) -> None:
    path = f"/api/batch/{batch}"
    until("expired", lambda: ask(api, "GET", path, 200)["status"] == "expired")
    until("deleted", lambda: deleted(site, batch))


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


def shirts(site: Site, api: httpx.Client, hers: OwnedResources) -> None:
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


def uploads(api: httpx.Client, hers: OwnedResources) -> None:
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
    waits_for_room(site)


def waits_for_room(site: Site) -> None:
    """A sheet whose owner has as many unfinished batches as may be."""
    client, bucket = site.client("s3"), site.stack["bucket"]
    accounts = Accounts(site.client("dynamodb"), site.stack["table"])
    waiting = site.calls.script("count", "^SendMessage$", about="wanda")
    with accounts.uncorrected("wanda"):
        accounts.set_places("wanda", MAX_ACTIVE_BATCHES)
        client.put_object(Bucket=bucket, Key="inbox/wanda/a.csv", Body=b"make\nVolvo\n")
        until("sent anew", lambda: waiting.fired == 1)
        accounts.set_places("wanda", 0)
    until("taken", lambda: ask(site.as_("wanda"), "GET", "/api/v1/batch", 200)["items"])
