"""Signed addresses open one object, for minutes; the bucket opens to nobody else."""

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from testing.scenario import OwnedResources, ask, picture
from tests.security.conftest import Site

MAX_LENGTH = 900
SIGNED = re.compile(r"https?://[^\s\"\\]+X-Amz-Signature=[0-9a-f]+[^\s\"\\]*")


@pytest.fixture(scope="module")
def answers(ann: httpx.Client, hers: OwnedResources) -> str:
    """All that ann is told, of everything she has."""
    paths = [
        *(f"/api/batches/{id_}" for id_ in hers.batches),
        *(f"/api/v1/batch/{id_}/status" for id_ in hers.batches),
        *(f"/api/v1/batch/{id_}/progress" for id_ in hers.batches),
        f"/api/folders/{hers.folder}",
        f"/api/variants/{hers.variant}/folders",
        "/api/uploads",
        "/api/batches",
    ]
    candidates = ann.post("/api/batches/image-candidates", json={"variantIds": [hers.variant]})
    return "\n".join([*(ann.get(path).text for path in paths), candidates.text])


def signed(text: str) -> Iterator[dict[str, str]]:
    for url in SIGNED.findall(text):
        yield {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


def test_no_url_is_valid_over_15_minutes(answers: str) -> None:
    found = [int(query["X-Amz-Expires"]) for query in signed(answers)]

    assert len(found) > 10
    assert min(found) > 0
    assert max(found) <= MAX_LENGTH


def test_every_url_is_a_sigv4_get_of_one_host(answers: str) -> None:
    for query in signed(answers):
        assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
        assert query["X-Amz-SignedHeaders"] == "host"


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_an_address_to_read_does_not_write(hers: OwnedResources, method: str) -> None:
    assert httpx.get(hers.reference_url, timeout=60).status_code == 200
    refused = httpx.request(method, hers.reference_url, content=b"x", timeout=60)

    assert refused.status_code in {403, 405}
    assert httpx.get(hers.reference_url, timeout=60).content == picture()


def test_a_signature_opens_no_other_object(hers: OwnedResources) -> None:
    for other in (hers.image_url, hers.library_url):
        path = urlsplit(other).path
        moved = urlsplit(hers.reference_url)._replace(path=path).geturl()
        assert httpx.get(moved, timeout=60).status_code == 403
    bucket = "/".join(urlsplit(hers.reference_url).path.split("/")[:2])
    listing = urlsplit(hers.reference_url)._replace(path=bucket).geturl()
    assert httpx.get(listing, timeout=60).status_code == 403


def test_a_changed_time_or_name_breaks_the_signature(hers: OwnedResources) -> None:
    longer = re.sub(r"X-Amz-Expires=\d+", "X-Amz-Expires=604800", hers.reference_url)
    assert longer != hers.reference_url
    assert httpx.get(longer, timeout=60).status_code == 403
    named = hers.reference_url + "&response-content-type=text%2Fhtml"
    assert httpx.get(named, timeout=60).status_code == 403


def test_without_a_signature_nothing_can_be_read_or_listed(
    site: Site, hers: OwnedResources
) -> None:
    bare = urlsplit(hers.reference_url)._replace(query="").geturl()
    root = f"{site.stack['endpointUrl']}/{site.stack['bucket']}"

    for url in (bare, root, f"{root}?list-type=2", f"{root}/inbox/x.csv"):
        assert httpx.get(url, timeout=60).status_code == 403
    assert httpx.put(f"{root}/inbox/x.csv", content=b"make\nx", timeout=60).status_code == 403


@pytest.fixture
def form(ann: httpx.Client) -> dict[str, Any]:
    size = len(picture())
    about = {"kind": "product", "filename": "a.png", "contentType": "image/png", "size": size}
    made: dict[str, Any] = ask(ann, "POST", "/api/uploads", 201, json=about)["upload"]
    return made


@pytest.mark.parametrize(
    "changed",
    [
        {"key": "library/x/000000-0123456789abcdef"},
        {"key": "inbox/ann/x.csv"},
        {"Content-Type": "text/html"},
        {"acl": "public-read"},
        {"success_action_redirect": "https://evil.example"},
        {"x-amz-meta-a": "b"},
    ],
)
def test_a_form_takes_nothing_but_what_was_announced(
    form: dict[str, Any], changed: dict[str, str]
) -> None:
    fields = {**form["fields"], **changed}

    answer = httpx.post(form["url"], data=fields, files={"file": picture()}, timeout=60)

    assert answer.status_code == 403


def test_a_form_takes_no_more_bytes_than_were_announced(form: dict[str, Any]) -> None:
    body = picture() + b"x"
    answer = httpx.post(form["url"], data=form["fields"], files={"file": body}, timeout=60)

    assert answer.status_code == 400
    assert "EntityTooLarge" in answer.text


def test_the_deployed_bucket_blocks_all_public_access_and_encrypts(site: Site) -> None:
    client, bucket = site.client("s3"), site.stack["bucket"]
    blocked = client.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    rules = client.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]

    assert set(blocked.values()) == {True}
    assert rules["Rules"][0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"


def test_download_is_saved_and_never_rendered(ann: httpx.Client, hers: OwnedResources) -> None:
    listed = ask(ann, "GET", "/api/uploads?kind=csv", 200)["items"]
    [sheet] = [each for each in listed if each["id"] == hers.sheet]
    answer = httpx.get(sheet["url"], timeout=60)

    assert answer.headers["content-disposition"].startswith("attachment;")
    assert json.dumps(answer.headers["content-type"]) == '"text/csv"'
