"""An owner with every kind of thing is erased: the table, the bucket, the queues and every log are
gone through for the owner's id, which is in the receipt alone.
"""

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from testing.accounts import month
from testing.batches import finished
from testing.erasures import Erasures
from testing.scenario import (
    OwnedResources,
    ask,
    cars,
    direct_upload,
    picture,
    seed_owner,
    until,
)
from testing.table_text import text_of
from tests.security.conftest import Site
from tests.security.happy_path import abandon
from tests.security.test_secrets import logged

SHEETS = {"good": b"make,model\nVolvo,Dropped\n", "bad": b'make\n"'}


def everything(site: Site, owner: str, word: str, variant: int) -> tuple[OwnedResources, str]:
    """Every kind of thing there is, with the word in every prompt, and the id of the newest batch,
    whose finalizer waits for its archive to expire.
    """
    api = site.as_(owner)
    for name, body in SHEETS.items():
        put(site, f"inbox/{owner}/{name}.csv", body)
    abandon(site, f"inbox/{owner}/given up.csv")
    seeded = seed_owner(api, word, variant)
    template = {"prompt": "a {{colour}} chair"}
    assert api.put("/api/templates/chairs", json=template).status_code in {200, 201}
    direct_upload(api, picture())
    outbox = {f"outbox/{owner}/{name}" for name in ("good.zip", "good.json", "bad.error.json")}
    until("answers in the outbox", lambda: outbox <= set(keys_below(site, "outbox/")))
    return seeded, redone(site, api, word)


def redone(site: Site, api: httpx.Client, word: str) -> str:
    """A batch of three rounds with a webhook, a version that was chosen, and a link."""
    site.fake.script("failed", prompt=f"{word} refused", times=1, text="flagged (E005)")
    callback = f"{site.receiver.url}/{uuid4().hex}"
    batch = cars(api, f"{word} refused", f"{word} fine", callbackUrl=callback)
    assert finished(api, batch)["failed"] == 1
    ask(api, "POST", f"/api/batches/{batch}/retry", 202)
    finished(api, batch)
    ask(api, "POST", f"/api/batches/{batch}/redo", 202, json={"items": ["row-0003"]})
    finished(api, batch)
    choice = f"/api/v1/batch/{batch}/items/row-0003/choice"
    ask(api, "PUT", choice, 200, json={"version": 1})
    ask(api, "POST", f"/api/batches/{batch}/share", 201, json={"hours": 1})
    return batch


def put(site: Site, key: str, body: bytes) -> None:
    site.client("s3").put_object(Bucket=site.stack["bucket"], Key=key, Body=body)


def keys_below(site: Site, prefix: str) -> list[str]:
    pages = site.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=site.stack["bucket"], Prefix=prefix)
    return [each["Key"] for page in found for each in page.get("Contents", [])]


def records(site: Site) -> Iterator[dict[str, Any]]:
    pages = site.client("dynamodb").get_paginator("scan").paginate(TableName=site.stack["table"])
    for page in pages:
        yield from page["Items"]


def whereabouts(site: Site, owner: str) -> set[str]:
    """All places that hold the owner's id, in whatever spelling it is kept."""
    return {place for place, text in everywhere(site) if owner in text}


def everywhere(site: Site) -> Iterator[tuple[str, str]]:
    for record in records(site):
        yield f"table {record['pk']['S']} {record['sk']['S']}", text_of(record)
    yield from objects(site)
    yield "queues", messages(site)
    for line in logged(site):
        yield f"log {line[:300]}", line
    yield from executions(site)


def objects(site: Site) -> Iterator[tuple[str, str]]:
    client, bucket = site.client("s3"), site.stack["bucket"]
    for key in keys_below(site, ""):
        try:
            found = client.get_object(Bucket=bucket, Key=key)
        except client.exceptions.NoSuchKey:
            continue  # an archive that expired meanwhile
        body = found["Body"].read().decode("latin-1")
        yield f"object {key}", "\n".join([key, json.dumps(found["Metadata"]), body])


def messages(site: Site) -> str:
    """In every queue, waiting, delayed or in flight: the emulator shows what SQS would not."""
    answer = httpx.get(f"{site.stack['endpointUrl']}/_ministack/sqs/messages", timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.text


def executions(site: Site) -> Iterator[tuple[str, str]]:
    client = site.client("stepfunctions")
    pages = client.get_paginator("list_executions").paginate(
        stateMachineArn=site.stack["stateMachineArn"]
    )
    for each in (each for page in pages for each in page["executions"]):
        history = client.get_paginator("get_execution_history").paginate(
            executionArn=each["executionArn"], includeExecutionData=True
        )
        events = [event for page in history for event in page["events"]]
        yield f"execution {each['name']}", json.dumps([each, events], default=str)


def sweep(site: Site) -> bool:
    """Whether the sweeper's invocation came to its end."""
    answer = site.client("lambda").invoke(
        FunctionName=site.stack["functions"]["SweeperFunction"], Payload=b"{}"
    )
    return "FunctionError" not in answer


def killed_sweep(site: Site, operation: str, having: str = "") -> None:
    """The sweeper dies once this has been done."""
    rule = site.calls.script("kill_after", operation, having=having)

    def killed() -> bool:
        sweep(site)
        return rule.fired == 1

    until(f"killed after {operation}", killed)


def swept(site: Site, owner: str) -> bool:
    """Whether another look of the sweeper leaves no batch of the owner's."""
    listed = (each["pk"]["S"] == f"OWNER#{owner}" for each in records(site))
    return sweep(site) and not any(listed)


def aborted(site: Site, batch: str) -> bool:
    """Whether a finalizer of the batch was stopped while it waited."""
    found = site.client("stepfunctions").list_executions(
        stateMachineArn=site.stack["stateMachineArn"], statusFilter="ABORTED"
    )
    return any(batch in each["name"] for each in found["executions"])


@pytest.fixture(scope="module")
def zara() -> str:
    return f"zara{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def yves() -> str:
    return f"yves{uuid4().hex[:8]}"


@pytest.fixture(scope="module")
def his(site: Site, yves: str) -> set[str]:
    """Where the other owner's things are, but for archives, which expire meanwhile."""
    seeded, told = everything(site, yves, "Kept", 9101)
    words = [yves, told, *seeded.batches, seeded.reference, seeded.sheet]
    return {
        place
        for place, text in everywhere(site)
        if place.startswith(("table", "object"))
        and "archives/" not in place
        and any(word in place or word in text for word in words)
    }


@pytest.fixture(scope="module")
def erased(site: Site, zara: str, his: set[str]) -> dict[str, Any]:
    """The receipt of an erasure that was killed again and again."""
    hers, told = everything(site, zara, "Erased", 9201)
    site.fake.script("slow", prompt="Erased slow", seconds=60)
    cars(site.as_(zara), "Erased slow")
    until("being made", lambda: site.fake.creates("Erased slow"))
    assert sum(zara in text_of(record) for record in records(site)) > 20
    operator = site.as_("op", groups=["operators"])
    job = ask(operator, "POST", "/api/erase", 202, json={"owner": zara})["id"]
    assert site.as_(zara).get("/api/batches").status_code == 403

    killed_sweep(site, "^TransactWriteItems$", f"ERASE#{job}")
    until("no batch is left", lambda: swept(site, zara))
    spent = ask(operator, "GET", f"/api/budget?owner={zara}", 200)["spent"]
    Erasures(site.client("dynamodb"), site.stack["table"]).age(zara)
    killed_sweep(site, "^Scan$")
    killed_sweep(site, "^BatchWriteItem$", zara)
    path = f"/api/erase/{job}"
    until("done", lambda: sweep(site) and ask(operator, "GET", path, 200)["status"] == "done")
    return ask(operator, "GET", path, 200) | {"spent": spent, "told": told, "url": hers.image_url}


def test_an_erased_owner_is_in_the_receipt_alone(
    site: Site, zara: str, erased: dict[str, Any]
) -> None:
    until("out of the queues", lambda: zara not in messages(site))
    found = whereabouts(site, zara)
    assert found == {f"table ERASE#{erased['id']} JOB"}, "\n".join(sorted(found))
    assert httpx.get(erased["url"], timeout=60).status_code in {403, 404}


def test_the_receipt_keeps_amounts_without_content(zara: str, erased: dict[str, Any]) -> None:
    assert (erased["owner"], erased["status"]) == (zara, "done")
    assert erased["removed"]["batches"] >= 5
    assert Decimal(erased["spent"]) > 0
    assert {name: Decimal(amount) for name, amount in erased["kept"].items()} == {
        f"live {month()}": Decimal(erased["spent"])
    }


def test_a_waiting_finalizer_of_the_erased_is_stopped(site: Site, erased: dict[str, Any]) -> None:
    assert aborted(site, erased["told"])


def test_another_owner_is_untouched_by_an_erasure(
    site: Site, yves: str, his: set[str], erased: dict[str, Any]
) -> None:
    lost = his - {place for place, _ in everywhere(site)}
    assert not lost, "\n".join(sorted(lost))
    assert f"inbox/{yves}/given up.csv" in messages(site)
    assert site.as_(yves).get("/api/batches").json()["items"]
