"""Two owners on one stack: neither learns anything of the other, not even that it exists.

All of it twice: with tokens of an issuer of one's own, and with those of the stack's user pool.
"""

import json
from dataclasses import asdict
from typing import Any

import httpx
import pytest

from testing.auth_backends import AuthBackend
from testing.batches import sheet
from testing.scenario import (
    OwnedResources,
    ask,
    catalog,
    variant_request,
)

BOB = "bob|with spaces/and #"
UNKNOWN = "0123456789abcdef0123456789abcdef"
BY_BATCH = [
    ("GET", "/api/batch/{}"),
    ("GET", "/api/v1/batch/{}/status"),
    ("GET", "/api/v1/batch/{}/progress"),
    ("GET", "/api/v1/batch/{}/download"),
    ("POST", "/api/v1/batch/{}/cancel"),
    ("POST", "/api/batches/{}/retry"),
    ("GET", "/api/batches/{}"),
    ("GET", "/api/batches/{}/input"),
    ("GET", "/api/folders/{}"),
]
BATCHES = ["cars", "prompts", "variants"]


def told(answer: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """All of an answer but when it came and what the request was called."""
    passing = {"date", "apigw-requestid", "x-amzn-requestid", "x-amz-request-id", "x-amz-id-2"}
    headers = sorted((k, v) for k, v in answer.headers.items() if k not in passing)
    return answer.status_code, answer.content, headers


def same_as_unknown(
    api: httpx.Client, method: str, path: str, foreign: str, status: int, **content: Any
) -> None:
    """The foreign id, wherever it stands in the request, is answered as one that nobody has."""
    asked = json.dumps([path, content])
    assert foreign in asked
    unknown_path, unknown_content = json.loads(asked.replace(foreign, UNKNOWN[: len(foreign)]))
    answer = api.request(method, path, **content)
    assert answer.status_code == status, answer.text
    assert told(answer) == told(api.request(method, unknown_path, **unknown_content))


@pytest.fixture(scope="module", params=["site", "pool"])
def backend(request: pytest.FixtureRequest) -> AuthBackend:
    found: AuthBackend = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def ann(backend: AuthBackend) -> httpx.Client:
    return backend.as_("ann")


@pytest.fixture(scope="module")
def bob(backend: AuthBackend) -> httpx.Client:
    return backend.as_(BOB)


@pytest.fixture(scope="module")
def hers(backend: AuthBackend) -> OwnedResources:
    return backend.day_of("ann", "Hers", 7001)


@pytest.fixture(scope="module")
def his(backend: AuthBackend) -> OwnedResources:
    return backend.day_of(BOB, "His", 8001)


@pytest.mark.parametrize("batch", BATCHES)
@pytest.mark.parametrize(("method", "path"), BY_BATCH)
def test_anothers_batch_is_as_good_as_none(
    bob: httpx.Client, hers: OwnedResources, batch: str, method: str, path: str
) -> None:
    id_ = getattr(hers, batch)
    same_as_unknown(bob, method, path.format(id_), id_, 404)


def test_events_route_hides_anothers_batch(backend: AuthBackend, hers: OwnedResources) -> None:
    token = backend.token(BOB)
    with backend.with_token(None) as client:
        path = f"/api/v1/batch/{hers.cars}/events"
        same_as_unknown(client, "GET", path, hers.cars, 404, params={"access_token": token})


def test_no_list_and_no_count_shows_anything_of_another(
    ann: httpx.Client, bob: httpx.Client, hers: OwnedResources, his: OwnedResources
) -> None:
    lists = ["/api/batches", "/api/v1/batch", "/api/uploads", "/api/variants", "/api/queue"]
    seen = {path: bob.get(path, params={"limit": 100}).text for path in lists}

    known = {v for v in asdict(hers).values() if isinstance(v, str)} - {hers.key}
    for path, text in seen.items():
        assert not [v for v in known if v in text], path
        assert "Hers" not in text, path
    for id_ in his.batches:
        assert id_ in seen["/api/batches"]
        assert id_ in seen["/api/v1/batch"]
    assert str(hers.variant) not in seen["/api/variants"]
    assert ask(bob, "GET", "/api/queue", 200)["activeBatches"] == 0


def test_anothers_cursor_is_refused_as_any_other_text_is(
    bob: httpx.Client, hers: OwnedResources
) -> None:
    for path, cursor in hers.cursors.items():
        refused = bob.get(path, params={"cursor": cursor})
        assert refused.status_code == 400, path
        assert told(refused) == told(bob.get(path, params={"cursor": "nonsense"}))


def test_anothers_uploads_can_be_used_for_nothing(bob: httpx.Client, hers: OwnedResources) -> None:
    same_as_unknown(bob, "POST", "/api/car-batch", hers.sheet, 404, json={"uploadId": hers.sheet})
    prompt = {"items": [{"prompt": "x", "file": hers.reference}]}
    same_as_unknown(bob, "POST", "/api/v1/batch/generate", hers.reference, 422, json=prompt)


@pytest.mark.parametrize("image", ["reference_url", "image_url", "library_url"])
def test_anothers_signed_address_makes_no_image_of_ones_own(
    bob: httpx.Client, his: OwnedResources, hers: OwnedResources, image: str
) -> None:
    """The signature is good, and still it is not bob's image."""
    url, ids = getattr(hers, image), [*hers.batches, hers.reference]
    assert httpx.get(url, timeout=60).status_code == 200
    [foreign] = [id_ for id_ in ids if id_ in url]

    asked = [variant_request(his.variant, each) for each in (url, url.replace(foreign, UNKNOWN))]
    hers_, nobodys = (bob.post("/api/batches", json=each) for each in asked)

    assert hers_.status_code == nobodys.status_code == 422
    assert hers_.text.replace(foreign, UNKNOWN) == nobodys.text


def test_folders_and_candidates_are_of_ones_own_catalog_alone(
    bob: httpx.Client, his: OwnedResources, hers: OwnedResources
) -> None:
    for folder in (hers.folder, hers.variant_folder):
        same_as_unknown(bob, "GET", f"/api/folders/{folder}", hers.variants, 404)
    known, unknown = str(hers.variant), "9999"
    foreign = bob.get(f"/api/variants/{known}/folders")
    assert foreign.status_code == 404
    assert told(foreign) == told(bob.get(f"/api/variants/{unknown}/folders"))
    asked = [
        bob.post("/api/batches/image-candidates", json={"variantIds": [int(id_)]})
        for id_ in (known, unknown)
    ]
    assert [a.status_code for a in asked] == [422, 422]
    assert asked[0].text.replace(known, unknown) == asked[1].text


def test_variant_ids_are_separate_per_owner(backend: AuthBackend, hers: OwnedResources) -> None:
    cid = backend.as_("cid")
    catalog(cid, hers.variant)

    found = ask(cid, "POST", "/api/batches/image-candidates", 200,
                json={"variantIds": [hers.variant]})  # fmt: skip
    assert found["variants"][0]["generatedImages"] == []
    assert found["uploads"] == []
    assert ask(cid, "GET", f"/api/variants/{hers.variant}/folders", 200)["items"] == []


def test_anothers_idempotency_key_is_a_key_like_any_other(
    bob: httpx.Client, hers: OwnedResources
) -> None:
    def submit(text: str) -> httpx.Response:
        files = {"file": ("cars.csv", text.encode(), "text/csv")}
        name = {"name": "Hers cars"}
        headers = {"Idempotency-Key": hers.key}
        return bob.post("/api/car-batch", files=files, data=name, headers=headers)

    first = submit(sheet("Hers 1", "Hers 2"))
    assert first.status_code == 202
    assert first.json()["jobId"] != hers.cars
    assert submit(sheet("Hers 1", "Hers 2")).json() == first.json()
    assert submit(sheet("Other")).status_code == 422


def test_what_an_owner_has_is_untouched_by_all_that(
    ann: httpx.Client, hers: OwnedResources
) -> None:
    for id_ in hers.batches:
        found = ask(ann, "GET", f"/api/batch/{id_}", 200)
        assert found["status"] in {"completed", "expired"}
        assert (found["outcome"], found["round"]) == ("all_succeeded", 1)
