"""Only the public routes open without a good token, and no function behind the others is called."""

import base64
import hmac
import json
import time
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives import serialization

from tests.security.conftest import Site
from tests.support.issuer import KEY_ID, Issuer

DOCUMENT = json.loads((files("imagebatch.data") / "openapi.json").read_text("utf-8"))
PUBLIC = {"/health", "/openapi.json", "/docs"}
EVENTS = "/api/v1/batch/{batch_id}/events"
IDS = {"batch_id": "0" * 32, "folder_id": "0" * 32, "variant_id": "1", "schema_key": "product-shot"}
BEHIND = {"ApiFunction", "ProgressFunction"}


def routes() -> list[tuple[str, str]]:
    found = DOCUMENT["paths"].items()
    return [(method.upper(), path) for path, methods in found for method in methods]


GUARDED = [route for route in routes() if route[1] not in PUBLIC]


def filled(path: str) -> str:
    return path.format(**IDS)


def part(of: bytes | dict[str, Any]) -> str:
    raw = of if isinstance(of, bytes) else json.dumps(of).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def unsigned(issuer: Issuer) -> str:
    head = {"alg": "none", "typ": "JWT", "kid": KEY_ID}
    return f"{part(head)}.{part(issuer.claims('ann'))}."


def signed_with_the_public_key(issuer: Issuer) -> str:
    """As if the key that everybody may read were a password."""
    pem = issuer.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = f"{part({'alg': 'HS256', 'kid': KEY_ID})}.{part(issuer.claims('ann'))}"
    return f"{text}.{part(hmac.digest(pem, text.encode(), 'sha256'))}"


def altered(issuer: Issuer) -> str:
    """Signed for ann, and rewritten for bob."""
    head, _, signature = issuer.token("ann").split(".")
    return f"{head}.{part(issuer.claims('bob'))}.{signature}"


def bad_tokens(issuer: Issuer) -> dict[str, str | None]:
    past = int(time.time()) - 10
    return {
        "none at all": None,
        "an expired one": issuer.token("ann", exp=past),
        "one that is not valid yet": issuer.token("ann", nbf=past + 3600),
        "one that another key signed": issuer.token("ann", key=issuer.stranger),
        "one of a key nobody knows": issuer.token("ann", kid="unknown"),
        "one that is not signed": unsigned(issuer),
        "one signed with the public key": signed_with_the_public_key(issuer),
        "one whose claims were rewritten": altered(issuer),
        "one for another audience": issuer.token("ann", aud="another-api"),
        "one for no audience": issuer.token("ann", aud=None),
        "one of another issuer": issuer.token("ann", iss="http://127.0.0.1:1"),
        "nonsense": "a.b.c",
    }


def invocations(site: Site) -> int:
    """How often the functions behind the API were started, by their own logs."""
    logs, count = site.client("logs"), 0
    for function in BEHIND:
        group = site.log_group(function)
        try:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, filterPattern="START"
            )
            count += sum(e["message"].startswith("START") for p in pages for e in p["events"])
        except logs.exceptions.ResourceNotFoundException:
            continue
    return count


def settled(site: Site) -> int:
    """The count once it has stood still for a second."""
    before = -1
    while before != (now := invocations(site)):
        before = now
        time.sleep(1)
    return now


def tried(site: Site, client: httpx.Client, token: str | None) -> Iterator[tuple[str, Any]]:
    for method, path in GUARDED:
        query = {} if path != EVENTS or token is None else {"access_token": token}
        yield f"{method} {path}", client.request(method, filled(path), params=query, json={})


def test_every_route_refuses_every_bad_token_and_calls_no_function(site: Site) -> None:
    assert site.as_("ann").get("/api/v1/batch").status_code == 200
    before = settled(site)
    for name, token in bad_tokens(site.issuer).items():
        with site.with_token(token) as client:
            for route, answer in tried(site, client, token):
                assert answer.status_code == 401, f"{route} with {name}: {answer.text}"
                assert answer.json() == {"message": "Unauthorized"}

    assert settled(site) == before
    assert site.as_("ann").get("/api/v1/batch").status_code == 200
    assert settled(site) == before + 1, "the count does not count"


def test_the_walk_leaves_out_the_public_routes_alone() -> None:
    public = {path for path, methods in DOCUMENT["paths"].items() for m in methods.values()
              if m["security"] == []}  # fmt: skip

    assert public == PUBLIC
    assert len(GUARDED) == len(routes()) - len(PUBLIC)


@pytest.mark.parametrize("path", [*sorted(PUBLIC), "/", "/config.json", "/batches"])
def test_what_people_need_to_sign_in_is_public(site: Site, path: str) -> None:
    with site.with_token(None) as client:
        assert client.get(path).status_code == 200


def test_the_pages_configuration_tells_how_to_sign_in_and_no_secret(site: Site) -> None:
    with site.with_token(None) as client:
        found = client.get("/config.json").json()

    assert found["auth"]["issuer"] == site.issuer.url
    assert found["auth"].keys() == {"issuer", "clientId", "audience", "scope"}


@pytest.mark.parametrize(
    "path", ["/api/v1/batch/../queue", "/api//queue", "/api/%71ueue", "/api/queue/", "/API/queue",
             "/health/../api/queue", "/api/v1/batch/x/events/../progress"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "OPTIONS", "DELETE", "PATCH"])
def test_no_other_spelling_of_a_path_leads_around_the_door(
    site: Site, method: str, path: str
) -> None:
    """The page answers what is none of the API's: never a batch, never a queue."""
    url = httpx.URL(site.stack["apiUrl"])
    raw = url.copy_with(raw_path=url.raw_path + path.encode())
    answer = httpx.request(method, raw, timeout=60)

    assert answer.status_code in {200, 204, 401, 403, 404, 405}
    assert "activeBatches" not in answer.text


def test_the_token_in_the_address_is_taken_by_the_events_route_alone(site: Site) -> None:
    token = site.issuer.token("ann")
    with site.with_token(None) as client:
        for method, path in GUARDED:
            answer = client.request(method, filled(path), params={"access_token": token}, json={})
            if path == EVENTS:
                assert answer.status_code == 404
                assert answer.json()["error"] == "Job not found"
            else:
                assert answer.status_code == 401, f"{method} {path}"


def test_the_events_route_takes_no_token_from_the_header(site: Site) -> None:
    assert site.as_("ann").get(filled(EVENTS)).status_code == 401


def test_a_token_without_a_subject_is_nobody(site: Site) -> None:
    with site.with_token(site.issuer.token("", sub=None)) as client:
        assert client.get("/api/v1/batch").status_code == 401
        assert client.get(filled("/api/v1/batch/{batch_id}/progress")).status_code == 401
