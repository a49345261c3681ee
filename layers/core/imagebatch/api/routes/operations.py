"""Running batches, the health of the API and the stack, and the OpenAPI document."""

from base64 import b64encode
from hashlib import sha256
from typing import Any

from imagebatch.api.request import Request
from imagebatch.api.response import JSON, SECURITY_HEADERS, Response
from imagebatch.api.routing import Routes
from imagebatch.data import data_text
from imagebatch.domain.errors import ForbiddenError
from imagebatch.schemas.operation_answers import DoctorAnswer, DoctorCheck, Health, QueueAnswer
from imagebatch.structs import asdict

CACHED = {"Cache-Control": "public, max-age=300"}
routes = Routes("Operations")


@routes.get(
    "/api/queue",
    id="getQueue",
    summary="What is running and waiting",
    returns={200: QueueAnswer},
)
def get_queue(request: Request) -> QueueAnswer:
    services = request.services
    active = list(services.store.unfinished_batches(request.owner))
    depth: dict[str, Any] = services.queue_depth() if request.is_operator else {}
    return QueueAnswer(
        active_batches=len(active),
        pending_items=sum(batch.counts.unsettled for batch in active),
        concurrency=services.settings.worker_concurrency,
        **depth,
    )


@routes.get(
    "/api/doctor",
    id="getDoctor",
    summary="The stack's health, for operators",
    description="Checks the providers and AWS; takes some seconds.",
    returns={200: DoctorAnswer},
    errors=[403],
)
def get_doctor(request: Request) -> DoctorAnswer:
    if not request.is_operator:
        raise ForbiddenError("operators-only", "For operators only", title="For operators only")
    findings = request.services.diagnose()
    checks = [DoctorCheck(**asdict(finding)) for finding in findings]
    return DoctorAnswer(
        healthy=all(check.health != "problem" for check in checks),
        time=request.services.clock.now(),
        checks=checks,
    )


@routes.get(
    "/health",
    id="getHealth",
    summary="Whether the API responds",
    returns={200: Health},
    public=True,
)
def get_health(_: Request) -> Health:
    return Health(status="ok")


@routes.get(
    "/openapi.json",
    id="getOpenapi",
    summary="This document",
    returns={200: {"application/json": {"type": "object"}}},
    public=True,
)
def get_openapi(_: Request) -> Response:
    return Response(200, JSON, data_text("openapi.json"), CACHED)


@routes.get(
    "/docs",
    id="getDocs",
    summary="This document, for people",
    returns={200: {"text/html": {"type": "string"}}},
    public=True,
)
def get_docs(_: Request) -> Response:
    text = data_text("docs.html")
    headers = {**CACHED, "Content-Security-Policy": _docs_policy(text)}
    return Response(200, "text/html; charset=utf-8", text, headers)


def _docs_policy(text: str) -> str:
    """The strict policy of every response, plus the page's one style."""
    style = text.partition("<style>")[2].partition("</style>")[0]
    digest = b64encode(sha256(style.encode()).digest()).decode()
    return f"{SECURITY_HEADERS['content-security-policy']}; style-src 'sha256-{digest}'"
