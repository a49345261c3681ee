"""The page's own function: what it serves, and how carefully."""

import base64
import gzip
import hashlib
import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from functions.web import app
from imagebatch.api.errors import problem_of
from imagebatch.domain.errors import NotFoundError

INDEX = b"<!doctype html><title>imagebatch</title>"
BUCKET = ["https://images.s3.eu-west-1.amazonaws.com", "https://images.s3.amazonaws.com"]
SCRIPT = b"console.info('page');" * 200


def built_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The web function with a small page instead of the one that Node builds."""
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_bytes(INDEX)
    (tmp_path / "assets" / "index-4f3a.js").write_bytes(SCRIPT)
    (tmp_path / "assets" / "type-91bc.woff2").write_bytes(bytes(range(256)))
    (tmp_path / "cars-template.csv").write_bytes(b"make,model\r\n")
    monkeypatch.setattr(app, "STATIC", tmp_path)
    monkeypatch.delenv("CATALOG_IMAGE_ORIGINS", raising=False)
    monkeypatch.setenv("AUTH_MODE", "none")
    monkeypatch.setenv("BUCKET_ORIGINS", ",".join(BUCKET))
    forget()
    yield tmp_path
    forget()


page = pytest.fixture(built_page, autouse=True)


def forget() -> None:
    for cached in (app.files, app.gzipped, app.preloads, app.security_headers):
        cached.cache_clear()


def ask(path: str, method: str = "GET", **headers: str) -> dict[str, Any]:
    event = {
        "rawPath": path,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "requestContext": {"http": {"method": method}},
    }
    return app.handler(event, None)


def body(answer: dict[str, Any]) -> bytes:
    return base64.b64decode(answer["body"])


def policy(path: str = "/") -> dict[str, list[str]]:
    text = ask(path)["headers"]["content-security-policy"]
    return {name: values for name, *values in (part.split() for part in text.split("; "))}


@pytest.mark.parametrize(
    "path", ["/", "/csv", "/batches/5f0c", "/shared/2b5a", "/variants/7", "/index.html"]
)
def test_every_view_is_the_page_and_asked_for_anew(path: str) -> None:
    answer = ask(path)
    assert (answer["statusCode"], body(answer)) == (200, INDEX)
    assert answer["headers"]["content-type"] == "text/html; charset=utf-8"
    assert answer["headers"]["cache-control"] == "no-cache"


def test_unchanged_page_is_not_sent_again() -> None:
    etag = ask("/")["headers"]["etag"]
    again = ask("/csv", if_none_match=etag)
    assert (again["statusCode"], again["body"]) == (304, "")
    assert ask("/", if_none_match='"other"')["statusCode"] == 200


def test_hashed_asset_is_cached_permanently() -> None:
    headers = ask("/assets/index-4f3a.js")["headers"]
    assert headers["cache-control"] == "public, max-age=31536000, immutable"
    assert headers["content-type"] == "text/javascript; charset=utf-8"


def test_text_is_compressed_if_accepted_and_fonts_never() -> None:
    gzipped = ask("/assets/index-4f3a.js", accept_encoding="br, gzip")
    assert gzipped["headers"]["content-encoding"] == "gzip"
    assert gzip.decompress(body(gzipped)) == SCRIPT
    assert body(ask("/assets/index-4f3a.js")) == SCRIPT
    font = ask("/assets/type-91bc.woff2", accept_encoding="gzip")
    assert "content-encoding" not in font["headers"]
    assert body(font) == bytes(range(256))
    assert font["headers"]["content-type"] == "font/woff2"


@pytest.mark.parametrize(
    "path", ["/assets/gone.js", "/favicon.ico", "/../app.py", "/assets/../../app.py"]
)
def test_missing_file_is_404(path: str) -> None:
    answer = ask(path)
    assert answer["statusCode"] == 404
    assert body(answer) == b"Not found"


def test_only_get_and_head_are_allowed() -> None:
    assert ask("/", "HEAD")["body"] == ""
    refused = ask("/", "POST")
    assert (refused["statusCode"], refused["headers"]["allow"]) == (405, "GET, HEAD")


def test_a_preflight_request_is_answered_without_content() -> None:
    answer = ask("/api/car-batch", "OPTIONS")
    assert (answer["statusCode"], answer.get("body")) == (204, None)


def test_the_page_runs_its_own_script_and_nothing_else() -> None:
    rules = policy()
    assert rules["default-src"] == ["'none'"]
    assert rules["script-src"] == rules["style-src"] == rules["font-src"] == ["'self'"]
    assert rules["frame-ancestors"] == rules["base-uri"] == ["'none'"]
    headers = ask("/")["headers"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["strict-transport-security"].startswith("max-age=63072000")


@pytest.mark.parametrize("path", ["/", "/batches/5f0c", "/variants", "/config.json"])
def test_policy_allows_the_one_inline_script(page: Path, path: str) -> None:
    source = b'<script src="/assets/index-4f3a.js"></script>'
    (page / "index.html").write_bytes(b"<script>ask();</script>" + source)
    digest = base64.b64encode(hashlib.sha256(b"ask();").digest()).decode()

    assert policy(path)["script-src"] == ["'self'", f"'sha256-{digest}'"]


def test_page_has_its_configuration_in_it(page: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (page / "index.html").write_bytes(b'<meta name="config" content="" />')
    monkeypatch.setenv("CATALOG_IMAGE_ORIGINS", "https://cdn.shop.example")
    forget()

    answer = ask("/")

    [(_, said)] = re.findall(r'<meta name="(config)" content="([^"]*)" />', body(answer).decode())
    assert json.loads(unescape(said)) == json.loads(body(ask("/config.json")))
    monkeypatch.setenv("CATALOG_IMAGE_ORIGINS", "https://other.example")
    forget()
    assert ask("/")["headers"]["etag"] != answer["headers"]["etag"]


def test_page_policy_allows_itself_and_the_bucket() -> None:
    assert policy()["connect-src"] == ["'self'", *BUCKET]
    assert policy()["img-src"] == ["'self'", "data:", "blob:", *BUCKET]


@pytest.mark.parametrize("path", ["/batches/5f0c", "/folders/7", "/shared/2b5a"])
def test_view_of_images_connects_to_the_bucket_early(path: str) -> None:
    assert ask(path)["headers"]["link"] == f"<{BUCKET[0]}>; rel=preconnect"
    assert "link" not in ask("/csv")["headers"]


def test_on_a_laptop_the_bucket_is_at_the_emulator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BUCKET_ORIGINS", "http://127.0.0.1:4600/")
    assert policy()["connect-src"] == ["'self'", "http://127.0.0.1:4600"]


def test_catalog_images_are_limited_to_configured_origins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CATALOG_IMAGE_ORIGINS", "https://cdn.shop.example/path, ")
    assert policy()["img-src"][-1] == "https://cdn.shop.example"
    assert json.loads(body(ask("/config.json")))["imageOrigins"][-1] == "https://cdn.shop.example"


def test_only_views_of_the_catalog_show_images_from_anywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert policy("/variants")["img-src"][-1] == "https:"
    assert policy("/variants/1001")["img-src"][-1] == "https:"
    assert "https:" not in policy("/batches/1")["img-src"]
    assert "https:" not in policy("/shared/2b5a")["img-src"]
    monkeypatch.setenv("CATALOG_IMAGE_ORIGINS", "https://cdn.shop.example")
    forget()
    assert policy("/variants")["img-src"][-1] == "https://cdn.shop.example"


def test_page_policy_allows_issuer_and_token_endpoint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    login(monkeypatch)
    monkeypatch.setenv("OIDC_DOMAIN", "https://people.auth.eu-west-1.amazoncognito.com")
    assert policy()["connect-src"][-2:] == [
        "https://login.example",
        "https://people.auth.eu-west-1.amazoncognito.com",
    ]


def login(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_MODE", "oidc")
    monkeypatch.setenv("OIDC_ISSUER", "https://login.example/pool")
    monkeypatch.setenv("OIDC_CLIENT_ID", "page")
    monkeypatch.setenv("OIDC_DOMAIN", "https://pool.example")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("path", ["/api/batch/\n", "/api/", "//api/queue"])
def test_api_path_never_returns_the_page(path: str, method: str) -> None:
    answer = ask(path, method)

    assert answer["statusCode"] == 404
    assert answer["headers"]["content-type"] == "application/problem+json"
    assert json.loads(body(answer)) == problem_of(NotFoundError("no-such-route", "Not found"))


def test_the_page_learns_what_it_must_know_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_ROWS", "75")
    monkeypatch.setenv("WORKER_CONCURRENCY", "5")
    answer = ask("/config.json")
    assert answer["headers"]["cache-control"] == "no-store"
    assert json.loads(body(answer)) == {
        "maxRows": 75,
        "workerConcurrency": 5,
        "mode": "development",
        "imageOrigins": [
            "https://images.s3.eu-west-1.amazonaws.com",
            "https://images.s3.amazonaws.com",
        ],
        "anyCatalogImage": True,
        "auth": None,
        "cli": None,
    }


def test_a_configured_provider_and_a_login_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    login(monkeypatch)
    monkeypatch.setenv("RUNPOD_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:r")
    config = json.loads(body(ask("/config.json")))
    assert config["mode"] == "live"
    assert config["auth"] == {
        "issuer": "https://login.example/pool",
        "clientId": "page",
        "audience": None,
        "scope": None,
        "logoutUrl": "https://pool.example/logout",
    }
    assert config["cli"] is None


def test_command_line_is_told_its_own_client(monkeypatch: pytest.MonkeyPatch) -> None:
    login(monkeypatch)
    monkeypatch.setenv("OIDC_CLI_CLIENT_ID", "terminal")
    config = json.loads(body(ask("/config.json")))
    assert config["cli"] == config["auth"] | {"clientId": "terminal"}


def test_view_names_its_scripts_before_a_script_asks(page: Path) -> None:
    files = {"/": ["assets/csv-1a.js"], "/batches/:id": ["assets/batch-2b.js", "assets/grid-3c.js"]}
    (page / "preloads.json").write_text(json.dumps(files))

    assert ask("/")["headers"]["link"] == "</assets/csv-1a.js>; rel=modulepreload"
    assert ask("/batches/5f0c")["headers"]["link"].split(", ") == [
        "</assets/batch-2b.js>; rel=modulepreload",
        "</assets/grid-3c.js>; rel=modulepreload",
        f"<{BUCKET[0]}>; rel=preconnect",
    ]
    for path in ("/batches", "/nowhere", "/assets/index-4f3a.js"):
        assert "link" not in ask(path)["headers"]
    assert ask("/preloads.json")["statusCode"] == 404


def test_signing_in_is_preloaded_where_it_is_needed(
    page: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = {"/batches": ["assets/b-1a.js"], "/shared/:id": ["assets/s-2b.js"]}
    (page / "preloads.json").write_text(json.dumps({**files, "sign-in": ["assets/oidc-3c.js"]}))
    assert "oidc" not in ask("/batches")["headers"]["link"]

    login(monkeypatch)

    links = ask("/batches")["headers"]["link"].split(", ")
    assert links == [f"</assets/{name}.js>; rel=modulepreload" for name in ("oidc-3c", "b-1a")]
    assert "oidc" not in ask("/shared/5f0c")["headers"]["link"]
    assert "link" not in ask("/assets/index-4f3a.js")["headers"]
