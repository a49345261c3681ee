"""A dry run's quote, and the batch that is submitted with it, for every way of creating one."""

from collections.abc import Callable
from copy import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from imagebatch.adapters.system import SystemClock
from testing.services import Deployment
from tests.functions.conftest import Answer, Api

SHEET = "make,model\nAudi,A4\nBMW,i3\n"


def cars(api: Api, sheet: str = SHEET, **options: str) -> Answer:
    files = {"file": ("cars.csv", sheet.encode(), "text/csv")}
    return api.post("/api/car-batch", files=files, data=options)


def chairs(api: Api, **options: str) -> Answer:
    files = {"file": ("s.csv", b"colour\nred\nblue\n", "text/csv")}
    data = {"prompt": "A {{colour}} chair", **options}
    return api.post("/api/sheet-batch", files=files, data=data)


def prompts(api: Api, **options: Any) -> Answer:
    dry_run = {"dry_run": True} if options.pop("dryRun", None) else {}
    body = {"items": [{"prompt": "a"}, {"prompt": "b"}], **options, **dry_run}
    return api.post("/api/v1/batch/generate", json=body)


def variants(api: Api, **options: Any) -> Answer:
    row = {"variantId": 1, "variantTitle": "M", "productId": 1, "productTitle": "Shirt"}
    api.put("/api/variants", json=[row])
    images = ["https://shop.example.com/a.png"]
    body = {"name": "x", "variants": [{"variantId": 1, "productImageUrls": images}]}
    body["settings"] = {"schemaKey": "product-shot", "numberOfVariations": 2, "input": {}}
    dry_run = {"dryRun": True} if options.pop("dryRun", None) else {}
    return api.post("/api/batches", json={**body, **options, **dry_run})


def quote(send: Callable[..., Answer], api: Api) -> str:
    answer = send(api, dryRun="true")
    assert answer.status == 200, answer.body
    found = answer.json()
    return str(found.get("quoteId") or found["quote_id"])


@pytest.mark.slow
@pytest.mark.parametrize("send", [cars, chairs, prompts, variants])
def test_a_quotes_price_is_the_cap(
    api: Api, services: Deployment, send: Callable[..., Answer]
) -> None:
    answer = send(api, quoteId=quote(send, api))
    assert answer.status == 202, answer.body
    [batch] = services.store.unfinished_batches("local")
    assert batch.max_cost == batch.estimated == Decimal("0.07")


def test_the_lower_cap_holds(api: Api, services: Deployment) -> None:
    assert cars(api, quoteId=quote(cars, api), maxCost="9").status == 202
    [batch] = services.store.unfinished_batches("local")
    assert batch.max_cost == batch.estimated


@pytest.mark.parametrize(
    "changed",
    [
        {"sheet": SHEET + "Kia,Rio\n"},
        {"sheet": SHEET.replace("A4", "A5")},
        {"model": "google/nano-banana-pro"},
        {"quality": "hd"},
    ],
)
def test_a_quote_is_for_what_was_quoted(api: Api, changed: dict[str, str]) -> None:
    answer = cars(api, quoteId=quote(cars, api), **changed)
    assert (answer.status, answer.json()["error"]) == (409, "The quote does not hold")
    assert api.get("/api/v1/batch").json()["items"] == []


def test_a_quote_is_its_owners(api: Api) -> None:
    ann, bob = api.as_owner("ann"), api.as_owner("bob")
    assert cars(bob, quoteId=quote(cars, ann)).status == 409


@pytest.mark.parametrize("forged", ["x", "9999999999_0.01_" + "A" * 43, "\u0661" * 70])
def test_a_forged_quote_does_not_hold(api: Api, forged: str) -> None:
    real = quote(cars, api)
    assert cars(api, quoteId=forged).status == 409
    ends, price, signature = real.split("_", 2)
    assert cars(api, quoteId=f"{int(ends) + 60}_{price}_{signature}").status == 409
    assert cars(api, quoteId=f"{ends}_0.08_{signature}").status == 409


def test_another_price_is_told(services: Deployment, api: Api) -> None:
    quoted = quote(cars, api)
    dearer = Deployment(services.settings, services.clients)
    registry = services.registry()
    dearer.__dict__["registry"] = lambda: replace(registry, development_price=Decimal("0.04"))

    refused = cars(Api(dearer), quoteId=quoted).json()

    assert "quoted at 0.070 USD and now costs 0.08 USD" in refused["detail"]


@pytest.mark.slow
def test_an_expired_quote_is_refused_but_for_a_repeat(
    services: Deployment, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    quoted = quote(cars, api)
    files = {"file": ("cars.csv", SHEET.encode(), "text/csv")}

    def submit(key: str) -> Answer:
        headers = {"Idempotency-Key": key}
        return api.post("/api/car-batch", files=files, data={"quoteId": quoted}, headers=headers)

    first = submit("one")
    now = SystemClock.now
    monkeypatch.setattr(SystemClock, "now", lambda self: now(self) + timedelta(minutes=15))

    assert submit("one").json() == first.json()
    late = submit("two")
    assert (late.status, late.json()["detail"][:22]) == (409, "The quote has expired.")
