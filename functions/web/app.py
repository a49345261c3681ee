"""Serves the page from the API's origin: the built files and the page's configuration.

Standard library only, so that a cold start costs next to nothing.
"""

import base64
import gzip
import hashlib
import json
import mimetypes
import os
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

STATIC = Path(__file__).with_name("static")
INDEX = "index.html"
PRELOADS = "preloads.json"
SIGN_IN = "sign-in"
CONFIG = b'<meta name="config" content="" />'
HASHED = "assets/"
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
TYPES = {".js": "text/javascript", ".woff2": "font/woff2", ".svg": "image/svg+xml"}
COMPRESSIBLE = frozenset({"text/html", "text/javascript", "text/css", "text/csv", "image/svg+xml"})

type Response = dict[str, Any]


def handler(event: Mapping[str, Any], _context: object) -> Response:
    method = event["requestContext"]["http"]["method"]
    if method == "OPTIONS":
        # A preflight request: API Gateway adds the CORS headers.
        return {"statusCode": 204, "headers": security_headers()}
    path = event["rawPath"].lstrip("/")
    if path.startswith("api/"):
        return problem_response(404, "no-such-route", "Not found", "Not found")
    if method not in {"GET", "HEAD"}:
        detail = "Allowed methods: GET, HEAD."
        return problem_response(
            405, "method-not-allowed", "Method not allowed", detail, allow="GET, HEAD"
        )
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    if path == "config.json":
        body = json.dumps(config(os.environ)).encode()
        return response(
            200, body, {"content-type": "application/json", "cache-control": "no-store"}
        )
    found = static_response(path, headers)
    if links := links_of(path):
        found["headers"] = {**found["headers"], "link": ", ".join(links)}
    if shows_catalog(path):
        found["headers"] = {**found["headers"], **security_headers(catalog=True)}
    return {**found, "body": ""} if method == "HEAD" else found


def static_response(path: str, headers: Mapping[str, str]) -> Response:
    name = path if path in files() else INDEX
    if name != path and "." in path.rsplit("/", 1)[-1]:
        return response(404, b"Not found", {"content-type": "text/plain"})
    body, content_type, etag = files()[name]
    about = {
        "content-type": content_type,
        "cache-control": IMMUTABLE if name.startswith(HASHED) else REVALIDATE,
        "etag": etag,
        "vary": "accept-encoding",
    }
    if headers.get("if-none-match") == etag:
        return response(304, b"", about)
    if content_type.split(";")[0] in COMPRESSIBLE and "gzip" in headers.get("accept-encoding", ""):
        return response(200, gzipped(name), {**about, "content-encoding": "gzip"})
    return response(200, body, about)


def links_of(path: str) -> list[str]:
    """What the browser needs for this view, and would otherwise only learn from a script."""
    names = preloads().get(route_of(path), [])
    if names and auth(os.environ) and not path.startswith("shared/"):
        names = [*preloads().get(SIGN_IN, []), *names]
    links = [f"</{name}>; rel=modulepreload" for name in names]
    if shows_batch(path) and (bucket := bucket_origins(os.environ)):
        # The images' origin: its handshakes are over before the first image's address is known.
        links.append(f"<{bucket[0]}>; rel=preconnect")
    return links


@cache
def preloads() -> dict[str, list[str]]:
    """The scripts of each view, by the route that shows it, and of signing in, as built."""
    file = STATIC / PRELOADS
    found: dict[str, list[str]] = json.loads(file.read_bytes()) if file.is_file() else {}
    return found


def route_of(path: str) -> str:
    first, _, rest = path.partition("/")
    return f"/{first}/:id" if rest else f"/{first}"


@cache
def files() -> dict[str, tuple[bytes, str, str]]:
    """Body, content type and ETag of every built file, by path."""
    found = {}
    for file in sorted(STATIC.rglob("*")):
        if file.is_file() and file.name != PRELOADS:
            body = file.read_bytes()
            if file.name == INDEX:
                body = with_config(body)
            etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
            found[file.relative_to(STATIC).as_posix()] = body, content_type_of(file), etag
    return found


def with_config(page: bytes) -> bytes:
    """The page with its configuration in it: it starts a round trip earlier."""
    text = json.dumps(config(os.environ))
    for character, entity in (("&", "&amp;"), ('"', "&quot;"), ("<", "&lt;")):
        text = text.replace(character, entity)
    return page.replace(CONFIG, f'<meta name="config" content="{text}" />'.encode(), 1)


def script_hashes() -> list[str]:
    """Allows the script that the build wrote into the page, and no other inline script."""
    page = STATIC / INDEX
    _, _, rest = (page.read_bytes() if page.is_file() else b"").partition(b"<script>")
    script, end, _ = rest.partition(b"</script>")
    digest = base64.b64encode(hashlib.sha256(script).digest()).decode()
    return [f"'sha256-{digest}'"] if end else []


@cache
def gzipped(name: str) -> bytes:
    return gzip.compress(files()[name][0], 9, mtime=0)


def content_type_of(file: Path) -> str:
    guess = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0]
    kind = guess or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def response(status: int, body: bytes, headers: Mapping[str, str]) -> Response:
    return {
        "statusCode": status,
        "headers": {**security_headers(), **headers},
        "body": base64.b64encode(body).decode(),
        "isBase64Encoded": True,
    }


def problem_response(status: int, kind: str, error: str, detail: str, **headers: str) -> Response:
    """As the API responds: the gateway routes unknown API paths and other methods here."""
    document = {
        "type": f"https://imagebatch.dev/problems/{kind}",
        "title": error,
        "status": status,
        "detail": detail,
        "error": error,
    }
    headers_of_problem = {"content-type": "application/problem+json", "cache-control": "no-store"}
    return response(status, json.dumps(document).encode(), {**headers_of_problem, **headers})


def shows_catalog(path: str) -> bool:
    """Whether the view shows catalog images, from any origin."""
    return path == "variants" or path.startswith("variants/")


def shows_batch(path: str) -> bool:
    return path.startswith(("batches/", "folders/", "shared/"))


@cache
def security_headers(*, catalog: bool = False) -> dict[str, str]:
    any_image = ["https:"] if catalog and not catalog_origins(os.environ) else []
    policy = {
        "default-src": ["'none'"],
        "script-src": ["'self'", *script_hashes()],
        "style-src": ["'self'"],
        "font-src": ["'self'"],
        "img-src": ["'self'", "data:", "blob:", *image_origins(os.environ), *any_image],
        "connect-src": ["'self'", *bucket_origins(os.environ), *login_origins(os.environ)],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
    return {
        "content-security-policy": "; ".join(" ".join([k, *v]) for k, v in policy.items()),
        "strict-transport-security": "max-age=63072000; includeSubDomains",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "cross-origin-opener-policy": "same-origin",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
    }


def config(env: Mapping[str, str]) -> dict[str, Any]:
    secrets = ("REPLICATE_SECRET_ARN", "RUNPOD_SECRET_ARN", "FAL_SECRET_ARN")
    live = any(env.get(name) for name in secrets)
    return {
        "maxRows": int(env.get("MAX_ROWS") or 50),
        "workerConcurrency": int(env.get("WORKER_CONCURRENCY") or 3),
        "mode": "live" if live else "development",
        "imageOrigins": image_origins(env),
        "anyCatalogImage": not catalog_origins(env),
        "auth": auth(env),
        "cli": cli(env),
    }


def auth(env: Mapping[str, str]) -> dict[str, str | None] | None:
    if env.get("AUTH_MODE") == "none":
        return None
    return {
        "issuer": env["OIDC_ISSUER"],
        "clientId": env["OIDC_CLIENT_ID"],
        "audience": env.get("OIDC_AUDIENCE") or None,
        "scope": env.get("OIDC_SCOPE") or None,
        "logoutUrl": logout_url(env),
    }


def cli(env: Mapping[str, str]) -> dict[str, str | None] | None:
    """The same for `imagebatch login`, if it has a client."""
    found, client = auth(env), env.get("OIDC_CLI_CLIENT_ID")
    return {**found, "clientId": client} if found and client else None


def logout_url(env: Mapping[str, str]) -> str | None:
    """Cognito has its own logout endpoint; other issuers publish theirs in their metadata."""
    domain = env.get("OIDC_DOMAIN")
    return f"{domain}/logout" if domain else None


def bucket_origins(env: Mapping[str, str]) -> list[str]:
    """The origins of presigned bucket URLs: two names on AWS, one locally."""
    return [origin(one) for one in env.get("BUCKET_ORIGINS", "").split(",") if one]


def image_origins(env: Mapping[str, str]) -> list[str]:
    """The bucket's origins, and the catalog's if configured."""
    return [*bucket_origins(env), *catalog_origins(env)]


def catalog_origins(env: Mapping[str, str]) -> list[str]:
    """The origins to which catalog images are restricted; if none, the catalog views allow any
    https origin.
    """
    named = [one.strip() for one in env.get("CATALOG_IMAGE_ORIGINS", "").split(",")]
    return [origin(one) for one in named if one]


def login_origins(env: Mapping[str, str]) -> list[str]:
    """The issuer's origin, and that of its token endpoint if it differs (as with Cognito)."""
    return sorted({origin(env[n]) for n in ("OIDC_ISSUER", "OIDC_DOMAIN") if env.get(n)})


def origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
