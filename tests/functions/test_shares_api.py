"""Share links: one batch, read-only, for whoever has the token, until it ends."""

from copy import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from imagebatch.usecases import keys
from testing.aws import TABLE
from testing.kept import KeptBatch
from testing.rounds import Rounds
from testing.services import Deployment
from testing.table_text import text_of
from tests.functions.conftest import Answer, Api, deployment

pytestmark = pytest.mark.slow
"""The first of them runs a whole batch."""

SHEET = b"make,model\nAudi,A4\nAudi,A5\nAudi,A6\n"
OWNERS_OWN = {"cost", "metadata", "callbackUrl", "owner", "jobId", "batchId", "model", "warnings"}


@pytest.fixture
def rounds(services: Deployment) -> Rounds:
    return Rounds(services)


@pytest.fixture(scope="module")
def finished() -> KeptBatch:
    files = {"file": ("cars.csv", SHEET, "text/csv")}
    data = {"name": "Spring", "metadata": '{"buyer": "secret"}'}
    with deployment() as services:
        api, rounds = Api(services), Rounds(services)
        batch_id = str(api.post("/api/car-batch", files=files, data=data).json()["jobId"])
        rounds.run(batch_id, refuses=["A6"])
        api.post(f"/api/batches/{batch_id}/redo", json={"items": ["row-0002"], "note": "wheels"})
        rounds.run(batch_id)
        return KeptBatch(batch_id, rounds)


@pytest.fixture
def batch(finished: KeptBatch, rounds: Rounds) -> str:
    """Three cars, of which one was made twice and one failed; each test has its own copy."""
    return finished.restore(rounds)


def share(api: Api, batch: str, hours: Any = 48, **more: Any) -> dict[str, Any]:
    answer = api.post(f"/api/batches/{batch}/share", json={"hours": hours}, **more)
    assert answer.status == 201, answer.body
    return dict(answer.json())


def token_of(made: dict[str, Any]) -> str:
    return urlsplit(made["url"]).fragment


def open_link(api: Api, made: dict[str, Any], token: str | None = None, query: str = "") -> Answer:
    headers = {"share-token": token_of(made) if token is None else token}
    return api.get(f"/api/shared/{made['id']}{query}", headers=headers)


def test_whoever_has_the_link_sees_the_batch(api: Api, batch: str) -> None:
    made = share(api, batch)
    assert made["url"].startswith(f"https://api.test/shared/{made['id']}#")
    stranger = api.as_owner("")
    stranger.owner = None
    found = open_link(stranger, made)
    assert found.status == 200, found.body
    body = found.json()
    assert (body["name"], body["total"], body["done"], body["failed"]) == ("Spring", 3, 2, 1)
    assert body["zipUrl"]
    first = body["items"][0]
    assert first["prompt"].endswith("\nwheels")
    assert [v["chosen"] for v in first["versions"]] == [False, True]
    assert OWNERS_OWN.isdisjoint(body)
    assert "cost" not in first
    assert "secret" not in found.body
    urls = [first["url"], first["thumbnailUrl"], body["zipUrl"], first["versions"][0]["url"]]
    lives = {int(parse_qs(urlsplit(url).query)["X-Amz-Expires"][0]) for url in urls}
    assert max(lives) <= 300


def test_items_are_captioned_without_the_rest_of_the_row(api: Api, rounds: Rounds) -> None:
    sheet = b"make,model,year,buyer\nFord,F-150,2023,Jane Doe\nFiat,Uno,,John Roe\n"
    files = {"file": ("cars.csv", sheet, "text/csv")}
    batch_id = str(api.post("/api/car-batch", files=files).json()["jobId"])
    rounds.run(batch_id)
    found = open_link(api, share(api, batch_id))
    assert [item["caption"] for item in found.json()["items"]] == ["Ford F-150 2023", "Fiat Uno"]
    assert "Jane Doe" not in found.body


def test_a_link_opens_without_the_stored_rows(api: Api, services: Deployment, batch: str) -> None:
    services.media.delete(keys.plan(batch))
    items = open_link(api, share(api, batch)).json()["items"]
    assert [item["caption"] for item in items] == ["", "", ""]


def test_items_come_in_pages(api: Api, batch: str) -> None:
    made = share(api, batch)
    first = open_link(api, made, query="?limit=2").json()
    assert [item["index"] for item in first["items"]] == [0, 1]
    rest = open_link(api, made, query=f"?limit=2&cursor={first['nextCursor']}").json()
    assert ([item["index"] for item in rest["items"]], rest["nextCursor"]) == ([2], None)


def test_every_failure_is_the_same_404(api: Api, services: Deployment, batch: str) -> None:
    made, other = share(api, batch), share(api, batch)
    revoked, expired = share(api, batch), share(api, batch)
    where = f"/api/batches/{batch}/share/{revoked['id']}"
    assert [api.request("DELETE", where).status for _ in range(2)] == [204, 204]
    kept = services.open_share.shares.get(expired["id"])
    assert kept is not None
    services.open_share.shares.put(replace(kept, expires_at=services.clock.now()), limit=9)
    unknown = {"id": "0" * 32, "url": made["url"]}
    answers = [
        open_link(api, made, ""),
        open_link(api, made, token_of(made)[:-1]),
        open_link(api, made, token_of(other)),
        open_link(api, made, "x" * 5_000),
        open_link(api, unknown),
        open_link(api, revoked),
        open_link(api, expired),
        api.get(f"/api/shared/{made['id']}"),
    ]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.body for answer in answers}) == 1


def test_deleting_the_batch_ends_its_links(api: Api, services: Deployment, batch: str) -> None:
    made = share(api, batch)
    assert api.request("DELETE", f"/api/batches/{batch}").status == 204
    assert open_link(api, made).status == 404
    assert services.open_share.shares.get(made["id"]) is None


def test_only_a_hash_of_the_token_is_stored(api: Api, services: Deployment, batch: str) -> None:
    made = share(api, batch)
    stored = services.clients.dynamodb.scan(TableName=TABLE)["Items"]
    assert not any(token_of(made) in text_of(record) for record in stored)
    assert any(record.get("tokenHash") for record in stored)


def test_repeated_share_request_returns_same_link(api: Api, batch: str) -> None:
    key = {"Idempotency-Key": "k"}
    first = share(api, batch, headers=key)
    assert share(api, batch, headers=key) == first
    again = api.post(f"/api/batches/{batch}/share", json={"hours": 1}, headers=key)
    assert again.status == 422
    assert share(api, batch)["id"] != first["id"]


def test_links_are_listed_newest_first(api: Api, batch: str) -> None:
    made = [share(api, batch, hours) for hours in (1, 2)]
    answer = api.get(f"/api/batches/{batch}/share")
    assert answer.json() == {"items": made[::-1], "nextCursor": None}


def test_a_link_never_outlives_the_images(api: Api, services: Deployment, batch: str) -> None:
    made = share(api, batch, 720)
    found = services.records.batch("local", batch)
    assert made["expiresAt"] == found.retention_ends_at.isoformat(timespec="milliseconds").replace(
        "+00:00", "Z"
    )
    past = services.clock.now() - timedelta(seconds=1)
    services.store.commit(replace(found, retention_ends_at=past))
    assert open_link(api, made).status == 404
    assert api.post(f"/api/batches/{batch}/share", json={"hours": 1}).status == 410


@pytest.mark.parametrize("hours", [0, 721, "1", 1.5, None])
def test_hours_that_cannot_be_are_refused(api: Api, batch: str, hours: Any) -> None:
    assert api.post(f"/api/batches/{batch}/share", json={"hours": hours}).status == 422


def test_a_batch_has_room_for_twenty_links(api: Api, batch: str) -> None:
    for _ in range(20):
        share(api, batch)
    answer = api.post(f"/api/batches/{batch}/share", json={"hours": 1})
    assert (answer.status, answer.json()["error"]) == (422, "Too many share links")


def test_somebody_elses_batch_is_not_shared(api: Api, batch: str) -> None:
    made, bob = share(api, batch), api.as_owner("bob")
    where = f"/api/batches/{batch}/share"
    assert bob.post(where, json={"hours": 1}).status == 404
    assert bob.get(where).status == 404
    assert bob.request("DELETE", f"{where}/{made['id']}").status == 204
    assert open_link(api, made).status == 200
