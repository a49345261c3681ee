"""The base of all providers' routes: dispatch, faults, authorization."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

from testing.fake_providers.faults import ANSWERS, SOCKETS, TWISTS, Rule
from testing.fake_providers.image_faults import IMAGES
from testing.fake_providers.ledger import FakePrediction
from testing.fake_providers.responses import Response, json_response
from testing.fake_providers.state import ProviderState
from testing.fake_providers.wire_faults import misbehave

MISSING: Response = ANSWERS["404"](Rule(fault="404"))
ON_THE_WIRE = {*SOCKETS, "truncated", "chunked_cut", "huge", "huge_chunked"}

type Routes = tuple[tuple[str, str, str], ...]
"""HTTP method, regular expression of the path, name of the handler's method."""


def route[Handler: Callable[..., None]](method: str, pattern: str) -> Callable[[Handler], Handler]:
    """Register a method of a ProviderHandler; the pattern's groups are its arguments."""

    def mark(handler: Handler) -> Handler:
        handler.__dict__.setdefault("routes", []).append((method, pattern))
        return handler

    return mark


class ProviderHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any
    routes: ClassVar[Routes] = ()

    def __init_subclass__(cls) -> None:
        """Collect the routes of all base classes, in their order, then its own."""
        inherited = [route for base in cls.__bases__ for route in getattr(base, "routes", ())]
        own = [
            (method, pattern, name)
            for name, handler in vars(cls).items()
            for method, pattern in getattr(handler, "routes", ())
        ]
        cls.routes = (*inherited, *own)

    @property
    def fake(self) -> ProviderState:
        return self.server.fake

    def setup(self) -> None:
        super().setup()
        self.fake.opened(self.connection)

    def finish(self) -> None:
        self.fake.closed(self.connection)
        super().finish()

    def handle_one_request(self) -> None:
        try:
            super().handle_one_request()
        except (ConnectionError, TimeoutError, ValueError):
            self.close_connection = True

    def log_message(self, *_: Any) -> None: ...

    def do_GET(self) -> None:
        self._route()

    def do_POST(self) -> None:
        self._route()

    def do_PUT(self) -> None:
        self._route()

    def do_DELETE(self) -> None:
        self._route()

    def _route(self) -> None:
        self.body = self._body()
        for method, pattern, name in self.routes:
            found = re.fullmatch(pattern, self.path)
            if found and method == self.command:
                if self.path.startswith(("/v1/", "/v2/", "/fal-ai/")) and not self._authorized():
                    return self.send(ANSWERS["401"](Rule(fault="401")))
                return getattr(self, name)(*found.groups())
        return self.send(MISSING)

    def answer_known(self, name: str, answer: Any) -> None:
        """The state of a model: rules of the stage `model` match by its name."""
        right = MISSING if name in self.fake.gone else json_response(200, answer)
        self.answer(self.fake.rule("model", name), right)

    def answer_about(
        self, stage: str, prediction_id: str, shape: Any, *, cancel: bool = False
    ) -> None:
        prediction = self.fake.find(prediction_id)
        if prediction is None:
            return self.send(MISSING)
        fault = self.fake.rule(stage, prediction.prompt)
        if cancel and fault is None:
            self.fake.cancel(prediction)
        return self.answer(fault, shape(prediction))

    def answer(self, fault: Rule | None, right: Response) -> None:
        if fault is None:
            self.send(right)
        elif fault.fault in ON_THE_WIRE:
            for part in misbehave(self, fault, right, self.fake.stopping):
                self.connection.sendall(part)
                self.fake.count(bytes_sent=len(part))
        elif fault.fault in TWISTS:
            self.send(TWISTS[fault.fault](right))
        elif fault.fault in IMAGES:
            self.send(IMAGES[fault.fault](right[2]))
        else:
            self.send(ANSWERS[fault.fault](fault))

    def send(self, answer: Response) -> None:
        status, headers, body = answer
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.fake.count(bytes_sent=len(body))

    def _body(self) -> Any:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        return json.loads(raw) if raw else {}

    def _authorized(self) -> bool:
        given = self.headers.get("Authorization", "")
        fal = ("/fal-ai/", "/v1/models?", "/v1/models/requests/")
        scheme = "Key" if self.path.startswith(fal) else "Bearer"
        if self.fake.token is None:
            return given.startswith(f"{scheme} ")
        return given == f"{scheme} {self.fake.token}"

    def root(self) -> str:
        return f"http://{self.headers['Host']}"

    def output(self, prediction: FakePrediction) -> Any:
        root = self.fake.hosts_of_files or self.root()
        url = f"{root}/files/{prediction.id}.png"
        rule = prediction.outcome
        if rule and rule.fault == "removed":
            return None
        if rule and rule.fault == "output":
            return json.loads(json.dumps(rule.output).replace("{url}", url))
        shapes = {"replicate": url, "fal": {"images": [{"url": url, "content_type": "image/png"}]}}
        return shapes.get(prediction.provider, {"image_url": url, "cost": 0.02})


def state_of(prediction: FakePrediction) -> str:
    if prediction.cancelled:
        return "canceled"
    if prediction.running:
        return "processing"
    ends = {"failed", "canceled", "aborted"}
    fault = prediction.outcome.fault if prediction.outcome else ""
    return fault if fault in ends else "succeeded"


def time_of(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def date_text(moment: float) -> str:
    """In the providers' format."""
    return time_of(moment).isoformat().replace("+00:00", "Z")
