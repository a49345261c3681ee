"""Only the public routes open without a good token, and no function behind the others is called."""

from collections.abc import Iterator

import httpx
import pytest

from imagebatch.api.openapi import document
from testing.auth_backends import AuthBackend
from tests.security.conftest import Site

DOCUMENT = document()
SHARED = "/api/shared/{share_id}"
PUBLIC = {"/health", "/openapi.json", "/docs", "/api/shared/{share_id}"}
EVENTS = "/api/v1/batch/{batch_id}/events"
IDS = {
    "batch_id": "0" * 32,
    "folder_id": "0" * 32,
    "variant_id": "1",
    "schema_key": "product-shot",
    "name": "chairs",
    "custom_id": "row-0002",
    "share_id": "0" * 32,
    "upload_id": "0" * 32,
    "image_id": f"{'0' * 32}.0000",
    "erasure_id": "0" * 32,
    "n": "1",
}


def routes() -> list[tuple[str, str]]:
    found = DOCUMENT["paths"].items()
    return [(method.upper(), path) for path, methods in found for method in methods]


GUARDED = [route for route in routes() if route[1] not in PUBLIC]


def filled(path: str) -> str:
    return path.format(**IDS)


@pytest.fixture(scope="module", params=["site", "pool"])
def backend(request: pytest.FixtureRequest) -> AuthBackend:
    """By any issuer, and by the user pool of the stack's own."""
    found: AuthBackend = request.getfixturevalue(request.param)
    return found


def tried(client: httpx.Client, token: str | None) -> Iterator[tuple[str, httpx.Response]]:
    for method, path in GUARDED:
        query = {} if path != EVENTS or token is None else {"access_token": token}
        yield f"{method} {path}", client.request(method, filled(path), params=query, json={})


def test_every_route_rejects_bad_tokens_without_invocation(backend: AuthBackend) -> None:
    assert backend.as_("ann").get("/api/v1/batch").status_code == 200
    before = backend.invocations()
    for name, token in backend.bad_tokens().items():
        with backend.with_token(token) as client:
            for route, answer in tried(client, token):
                assert answer.status_code == 401, f"{route} with {name}: {answer.text}"
                assert answer.json() == {"message": "Unauthorized"}

    assert backend.invocations() == before
    assert backend.as_("ann").get("/api/v1/batch").status_code == 200
    assert backend.invocations() == before + 1, "the count does not count"


def test_the_walk_leaves_out_the_public_routes_alone() -> None:
    public = {path for path, methods in DOCUMENT["paths"].items() for m in methods.values()
              if m["security"] == []}  # fmt: skip

    assert public == PUBLIC
    assert len(GUARDED) == len(routes()) - len(PUBLIC)


@pytest.mark.parametrize("path", [*sorted(PUBLIC - {SHARED}), "/", "/config.json", "/batches"])
def test_what_people_need_to_sign_in_is_public(backend: AuthBackend, path: str) -> None:
    with backend.with_token(None) as client:
        assert client.get(path).status_code == 200


def test_a_share_link_needs_its_own_token_alone(backend: AuthBackend) -> None:
    with backend.with_token(None) as client:
        answer = client.get("/api/shared/nothing")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_page_configuration_contains_no_secret(site: Site) -> None:
    with site.with_token(None) as client:
        found = client.get("/config.json").json()

    assert found["auth"]["issuer"] == site.issuer.url
    assert found["auth"].keys() == {"issuer", "clientId", "audience", "scope", "logoutUrl"}


@pytest.mark.parametrize(
    "path", ["/api/v1/batch/../queue", "/api//queue", "/api/%71ueue", "/api/queue/", "/API/queue",
             "/health/../api/queue", "/api/v1/batch/x/events/../progress"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "DELETE", "PATCH"])
def test_path_spellings_do_not_bypass_authentication(site: Site, method: str, path: str) -> None:
    """The page answers what is none of the API's: never a batch, never a queue."""
    url = httpx.URL(site.stack["apiUrl"])
    raw = url.copy_with(raw_path=url.raw_path + path.encode())
    answer = httpx.request(method, raw, timeout=60)

    assert answer.status_code in {200, 204, 401, 403, 404, 405}
    assert "activeBatches" not in answer.text


def test_only_the_events_route_accepts_query_tokens(backend: AuthBackend) -> None:
    token = backend.token("ann")
    with backend.with_token(None) as client:
        for method, path in GUARDED:
            answer = client.request(method, filled(path), params={"access_token": token}, json={})
            if path == EVENTS:
                assert answer.status_code == 404
                assert answer.json()["error"] == "Job not found"
            else:
                assert answer.status_code == 401, f"{method} {path}"


def test_the_events_route_takes_no_token_from_the_header(backend: AuthBackend) -> None:
    assert backend.as_("ann").get(filled(EVENTS)).status_code == 401


def test_a_token_without_a_subject_is_nobody(site: Site) -> None:
    with site.with_token(site.issuer.token("", sub=None)) as client:
        assert client.get("/api/v1/batch").status_code == 401
        assert client.get(filled("/api/v1/batch/{batch_id}/progress")).status_code == 401
