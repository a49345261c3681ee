"""The API's own function over moto: routes, refusals and answers, without a deployment."""

import base64
import gzip
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import replace
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest

from imagebatch.api import openapi
from imagebatch.api.build import build
from imagebatch.settings import Settings
from testing.aws import (
    BUCKET,
    REGION,
    TABLE,
    aws_in_memory,
    create_bucket,
    create_queue,
    create_secret,
    create_table,
)
from testing.kept import KeptBatch
from testing.rounds import Rounds
from testing.services import Deployment

HEADERS = {"host": "api.test"}


class LambdaContext:
    function_name = "api"
    memory_limit_in_mb = 1024
    invoked_function_arn = "arn:aws:lambda:eu-central-1:123456789012:function:api"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        return 29_000


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Api:
    """Turns a request into the gateway's event, as httpx encodes it, and answers it."""

    services: Deployment
    owner: str | None = None
    claims: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.application = build(self.services)

    def as_owner(self, owner: str, mode: str = "cognito", **claims: str) -> "Api":
        """The same stack with authentication on, and a caller whom the gateway has verified."""
        settings = replace(self.services.settings, auth_mode=mode)
        return Api(Deployment(settings, self.services.clients), owner, claims)

    def request(self, method: str, path: str, **content: Any) -> Answer:
        request = httpx.Request(method, "https://api.test" + path, **content)
        event = self._event(request)
        found = self.application(event, LambdaContext())
        headers = {k.lower(): str(v) for k, v in (found.get("headers") or {}).items()}
        for name, values in (found.get("multiValueHeaders") or {}).items():
            headers[name.lower()] = values[0]
        body = found["body"]
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(base64.b64decode(body)).decode()
        return Answer(found["statusCode"], headers, body)

    def get(self, path: str, **content: Any) -> Answer:
        return self.request("GET", path, **content)

    def post(self, path: str, **content: Any) -> Answer:
        return self.request("POST", path, **content)

    def put(self, path: str, **content: Any) -> Answer:
        return self.request("PUT", path, **content)

    def _event(self, request: httpx.Request) -> dict[str, Any]:
        body = request.read()
        kind = request.headers.get("content-type", "")
        text = kind.split(";")[0] in {"application/json", "text/csv", "text/plain"}
        context: dict[str, Any] = {
            "http": {"method": request.method, "path": request.url.path},
            "domainName": "api.test",
            "requestId": "r",
            "stage": "$default",
        }
        if self.owner is not None:
            context["authorizer"] = {"jwt": {"claims": {"sub": self.owner, **self.claims}}}
        return {
            "version": "2.0",
            "rawPath": request.url.path,
            "rawQueryString": request.url.query.decode(),
            "queryStringParameters": _joined(request.url.params),
            "headers": dict(request.headers),
            "requestContext": context,
            "body": (body.decode() if text else base64.b64encode(body).decode()) if body else None,
            "isBase64Encoded": bool(body) and not text,
        }


def _joined(params: httpx.QueryParams) -> Mapping[str, str]:
    return {name: ",".join(params.get_list(name)) for name in params}


@pytest.fixture(scope="session", autouse=True)
def _api_document() -> None:
    """`make` and `sam build` make it; these tests also run without them."""
    folder = Path(str(files("imagebatch.data")))
    if not (folder / "openapi.json").exists():
        openapi.write(folder)


@contextmanager
def deployment() -> Iterator[Deployment]:
    """An empty one; no other may be open."""
    with pytest.MonkeyPatch.context() as environment, aws_in_memory() as clients:
        environment.setenv("AWS_ACCESS_KEY_ID", "testing")
        environment.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        environment.delenv("AWS_ENDPOINT_URL", raising=False)
        yield Deployment(Settings.from_env(_resources()), clients)


def kept_batch(sheet: bytes, refused: str) -> KeptBatch:
    """A batch of these cars, of which the provider refused one."""
    files = {"file": ("cars.csv", sheet, "text/csv")}
    with deployment() as services:
        rounds = Rounds(services)
        batch_id = str(Api(services).post("/api/car-batch", files=files).json()["jobId"])
        rounds.run(batch_id, refuses=[refused])
        return KeptBatch(batch_id, rounds)


@pytest.fixture
def services() -> Iterator[Deployment]:
    with deployment() as made:
        yield made


@pytest.fixture
def api(services: Deployment) -> Api:
    return Api(services)


def _resources() -> dict[str, str]:
    create_bucket()
    create_table()
    return {
        "TABLE_NAME": TABLE,
        "BUCKET_NAME": BUCKET,
        "ITEM_QUEUE_URL": create_queue("item"),
        "DISPATCH_QUEUE_URL": create_queue("dispatch"),
        "DEAD_LETTER_QUEUE_URL": create_queue("dead"),
        "INTAKE_DEAD_LETTER_QUEUE_URL": create_queue("abandoned"),
        "STATE_MACHINE_ARN": f"arn:aws:states:{REGION}:123456789012:stateMachine:finalizer",
        "SIGNING_SECRET_ARN": create_secret("signing", "s" * 64),
        "PUBLIC_URL": "https://api.test",
        "AUTH_MODE": "none",
    }
