"""Erasing an owner: everything of one goes, nothing of another, whatever happens on the way."""

import json
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from typing import Any, NamedTuple

import pytest

from imagebatch.adapters import abandoned_arrivals
from imagebatch.domain.deletion import AFTERWARDS
from imagebatch.domain.delivery import Delivery
from imagebatch.usecases import keys
from testing.accounts import Accounts, month
from testing.aws import TABLE
from testing.awsfaults import Killed, kill_at
from testing.fakes.system import START
from testing.kept import KeptAccount
from testing.scenario import until
from testing.services import Deployment
from testing.table_text import text_of
from tests.contracts.test_upload_store import an_upload
from tests.functions.conftest import Answer, Api, deployment
from tests.functions.test_deletes_api import mentions, objects, records, shirts, stored
from tests.intake.test_uploads import PNG

ANN, BOB = "auth0|ann#1", "auth0|ann"
"""One name is the start of the other."""
CARS = b"make,model\nVolvo,XC40\n"
SPENT = Decimal("14.30")


def everything(api: Api, services: Deployment) -> str:
    """One of each kind of thing; the id of a batch that has ended."""
    owner = str(api.owner)
    batch_id = shirts(api, services, headers={"Idempotency-Key": "k"})
    api.put("/api/templates/chairs", json={"prompt": "a {{colour}} chair"})
    files = {"file": ("front.png", PNG, "image/png")}
    api.post("/api/uploads", files=files, data={"kind": "product"})
    sheet = {"file": ("c.csv", CARS, "text/csv")}
    running = api.post("/api/car-batch", files=sheet)
    assert running.status == 202, running.body
    shared = api.post(f"/api/batches/{batch_id}/share", json={"hours": 1})
    assert shared.status == 201, shared.body
    for folder in ("inbox", "outbox"):
        services.media.put(f"{folder}/{owner}/cars.csv", b"x", "text/csv")
    services.store.reserve_outbox_name(f"outbox/{owner}/cars", "b1", services.clock.now())
    told = Delivery(id="w-1-1", url=f"https://a.example/{owner}", body={}, created_at=START)
    services.deliveries.save(services.records.batch(owner, batch_id), told)
    Accounts(services.clients.dynamodb, TABLE).set_spent(owner, SPENT)
    abandon(services, f"inbox/{owner}/cars.csv")
    return batch_id


def abandon(services: Deployment, key: str) -> None:
    """The intake gave this file up."""
    found = {"key": key, "etag": "e", "size": 1}
    services.clients.sqs.send_message(
        QueueUrl=services.settings.intake_dead_letter_queue_url,
        MessageBody=json.dumps({"detail": {"object": found}}),
    )


def abandoned(services: Deployment) -> set[str]:
    """Read by hand, as a person does."""
    url = services.settings.intake_dead_letter_queue_url
    found = services.clients.sqs.receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0
    )
    bodies = [json.loads(message["Body"]) for message in found.get("Messages", [])]
    return {body["detail"]["object"]["key"] for body in bodies}


class Both(NamedTuple):
    """What there is of Bob before Ann comes, and of both of them."""

    batch_id: str
    bobs: tuple[set[str], set[str], set[str]]
    account: KeptAccount


@pytest.fixture(scope="module")
def anns_and_bobs() -> Both:
    with deployment() as services:
        api = Api(services)
        kept = everything(api.as_owner(BOB), services)
        bobs = of_bob(services, kept)
        everything(api.as_owner(ANN), services)
        return Both(kept, bobs, KeptAccount())


@pytest.fixture
def both(services: Deployment, anns_and_bobs: Both) -> Both:
    anns_and_bobs.account.restore()
    return anns_and_bobs


@pytest.fixture
def ann(api: Api) -> Api:
    return api.as_owner(ANN)


@pytest.fixture
def bob(api: Api) -> Api:
    return api.as_owner(BOB)


@pytest.fixture
def operator(api: Api) -> Api:
    return api.as_owner("op", **{"cognito:groups": "[operators]"})


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue in memory has one server, and hides nothing that somebody else wants to see."""
    monkeypatch.setattr(abandoned_arrivals, "WAIT_SECONDS", 0)
    monkeypatch.setattr(abandoned_arrivals, "HIDDEN_SECONDS", 1)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch, services: Deployment) -> None:
    """Each look at the clock comes after every invocation that ran at the look before."""
    now = services.clock.now()

    def times() -> Iterator[Any]:
        at = now
        while True:
            at += AFTERWARDS
            yield at

    each = times()
    monkeypatch.setattr(type(services.clock), "now", lambda _: next(each))


def erase(operator: Api, owner: str) -> str:
    answer = operator.post("/api/erase", json={"owner": owner})
    assert answer.status == 202, answer.body
    assert answer.headers["location"] == answer.json()["statusUrl"]
    return str(answer.json()["id"])


def sweep(services: Deployment) -> None:
    """As the sweeper's invocations, one after the other."""
    for _ in range(4):
        end_running(services)
        list(services.run_erasures(lambda: True))
        list(services.finish_deletions(lambda: True))


def end_running(services: Deployment) -> None:
    """What dispatcher and finalizer do with a batch that was cancelled."""
    for owner, batch_id in list(services.store.unfinished()):
        batch = services.store.get(owner, batch_id)
        if batch is not None and batch.cancelling_at is not None:
            services.store.commit(_ended(batch))


def _ended(batch: Any) -> Any:
    from imagebatch.domain.statuses import BatchStatus
    from testing.records import change_batch

    return change_batch(batch, status=BatchStatus.CANCELLED, finished_at=batch.cancelling_at)


def whereabouts(services: Deployment, owner: str) -> set[str]:
    quoted = {owner, owner.replace("|", "%7C").replace("#", "%23")}
    found = {
        each["pk"]["S"]
        for each in stored(services)
        if any(_has(text_of(each), one, owner) for one in quoted)
    }
    return {pk.split("#")[0] for pk in found} | {
        key for key in objects(services) if key.split("/")[1] == owner
    }


def of_bob(services: Deployment, batch_id: str) -> tuple[set[str], set[str], set[str]]:
    """All objects besides, for when nobody else has any."""
    return whereabouts(services, BOB), mentions(services, batch_id), objects(services)


def _has(text: str, one: str, owner: str) -> bool:
    """The owner itself, not one whose name goes on."""
    if owner == BOB:
        text = text.replace(ANN, "").replace(ANN.replace("|", "%7C").replace("#", "%23"), "")
    return one in text


@pytest.mark.slow
@pytest.mark.usefixtures("later")
def test_an_erased_owner_is_in_the_receipt_alone(
    ann: Api, operator: Api, services: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    everything(ann, services)
    services.media.put(keys.upload("u" * 32), b"x", "image/png")
    assert len(whereabouts(services, ANN)) > 8

    erasure = erase(operator, ANN)
    sweep(services)

    assert whereabouts(services, ANN) == {"ERASE"}
    assert objects(services) == {keys.upload("u" * 32)}
    receipt = operator.get(f"/api/erase/{erasure}").json()
    assert (receipt["owner"], receipt["status"]) == (ANN, "done")
    assert receipt["removed"]["batches"] == 2
    assert receipt["removed"]["uploads"] == 1
    assert receipt["kept"] == {f"live {month()}": str(SPENT)}
    assert abandoned(services) == set()
    logged = [json.dumps(vars(record), default=str) for record in caplog.records]
    assert any('"batch_id"' in line for line in logged)
    assert not [line for line in logged if "auth0" in line]


@pytest.mark.slow
@pytest.mark.usefixtures("later")
def test_another_owner_is_not_touched(
    bob: Api, operator: Api, services: Deployment, both: Both
) -> None:
    erase(operator, ANN)
    sweep(services)

    assert of_bob(services, both.batch_id) == both.bobs
    assert bob.get(f"/api/batches/{both.batch_id}").json()["done"] == 2
    assert {key.split("/")[1] for key in objects(services) if key.startswith("inbox")} == {BOB}


@pytest.mark.slow
@pytest.mark.usefixtures("both", "later")
def test_an_erasure_goes_on_where_it_was_interrupted(operator: Api, services: Deployment) -> None:
    erase(operator, ANN)
    for steps in range(1, 12):
        left = iter([True] * steps + [False] * 10_000)
        end_running(services)
        list(services.run_erasures(lambda left=left: next(left)))
        list(services.finish_deletions(lambda: True))
    sweep(services)

    assert whereabouts(services, ANN) == {"ERASE"}


@pytest.mark.slow
@pytest.mark.parametrize("moment", ["before-call", "after-call"])
@pytest.mark.usefixtures("later")
def test_an_erasure_killed_at_any_call_goes_on(
    operator: Api, services: Deployment, both: Both, moment: str
) -> None:
    """The sweeper dies at its first call, the next time at its second, and so on."""
    erasure = erase(operator, ANN)
    clients = services.clients
    call = 0
    while services.erasures.receipt(erasure).status != "done":
        call += 1
        assert call < 500, "no end in sight"
        end_running(services)
        aws = [clients.dynamodb, clients.s3, clients.sqs]
        with suppress(Killed), kill_at(aws, call, moment):
            list(services.finish_deletions(lambda: True))
            list(services.run_erasures(lambda: True))

    assert call > 15, "hardly ever killed"
    assert whereabouts(services, ANN) == {"ERASE"}
    assert services.erasures.receipt(erasure).kept == {f"live {month()}": str(SPENT)}
    assert of_bob(services, both.batch_id) == both.bobs
    # The last pass hid it for a second.
    until("another owner's message is left", lambda: abandoned(services))
    assert abandoned(services) == {f"inbox/{BOB}/cars.csv"}


@pytest.mark.slow
def test_an_erasure_waits_for_what_was_admitted_before(
    operator: Api, services: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request that was let in a moment before writes after the sweeper has looked."""
    erasure = erase(operator, ANN)
    assert list(services.run_erasures(lambda: True)) == []
    services.uploads.create(an_upload("u1", owner=ANN))
    later = services.clock.now() + AFTERWARDS
    monkeypatch.setattr(type(services.clock), "now", lambda _: later)

    assert list(services.run_erasures(lambda: True)) == [erasure]
    assert whereabouts(services, ANN) == {"ERASE"}


@pytest.mark.slow
def test_an_owner_who_is_being_erased_is_refused(
    ann: Api, bob: Api, operator: Api, services: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = erase(operator, ANN)
    assert erase(operator, ANN) == first
    refused: list[Answer] = [
        ann.get("/api/batches"),
        ann.post("/api/car-batch", files={"file": ("c.csv", CARS, "text/csv")}),
    ]
    assert [each.status for each in refused] == [403, 403]
    assert bob.get("/api/batches").status == 200
    assert operator.get(f"/api/erase/{first}").json()["status"] == "running"
    later = services.clock.now() + AFTERWARDS
    monkeypatch.setattr(type(services.clock), "now", lambda _: later)
    list(services.run_erasures(lambda: True))
    assert ann.get("/api/batches").status == 200


def test_only_operators_erase(ann: Api, operator: Api) -> None:
    erasure = erase(operator, BOB)
    assert ann.post("/api/erase", json={"owner": BOB}).status == 403
    assert ann.get(f"/api/erase/{erasure}").status == 403
    assert operator.get("/api/erase/unknown").status == 404


@pytest.mark.parametrize("body", [{}, {"owner": ""}, {"owner": "  "}, {"owner": 7}])
def test_an_erasure_needs_an_owner(operator: Api, body: dict[str, Any]) -> None:
    assert operator.post("/api/erase", json=body).status == 422


@pytest.mark.slow
@pytest.mark.usefixtures("later")
def test_the_default_owners_sheets_lie_in_no_folder(operator: Api, services: Deployment) -> None:
    owner = services.settings.drop_folder_owner
    for key in ("inbox/cars.csv", "outbox/cars.zip", "inbox/ann/cars.csv"):
        services.media.put(key, b"x", "text/csv")
    for name in ("outbox/cars", "outbox/ann/cars"):
        services.store.reserve_outbox_name(name, "b1", services.clock.now())

    erase(operator, owner)
    sweep(services)

    assert objects(services) == {"inbox/ann/cars.csv"}
    names = [each["pk"] for each in records(services) if each["pk"].startswith("NAME#")]
    assert names == ["NAME#outbox%2Fann%2Fcars"]
