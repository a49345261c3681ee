"""The HTTP side of FakeProviders: routes, wire formats and files."""

import hashlib
import io
import json
import re
from datetime import UTC, datetime
from functools import cache
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlencode

from PIL import Image

from testing.fake_faults import ANSWERS, IMAGES, SOCKETS, TWISTS, Answer, Rule, misbehave

if TYPE_CHECKING:
    from testing.fake_providers import FakePrediction, FakeProviders

PIXELS = 60_000
MISSING: Answer = ANSWERS["404"](Rule(fault="404"))
ON_THE_WIRE = {*SOCKETS, "truncated", "chunked_cut", "huge", "huge_chunked"}
RUNPOD_STATES = {
    "processing": "IN_PROGRESS",
    "succeeded": "COMPLETED",
    "failed": "FAILED",
    "canceled": "CANCELLED",
    "aborted": "TIMED_OUT",
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Any

    ROUTES = (
        ("POST", r"/v1/models/([^/]+/[^/]+)/predictions", "replicate_create"),
        ("POST", r"/v1/predictions", "replicate_create_version"),
        ("GET", r"/v1/predictions\?(.+)", "replicate_list"),
        ("GET", r"/v1/predictions/([^/]+)", "replicate_get"),
        ("POST", r"/v1/predictions/([^/]+)/cancel", "replicate_cancel"),
        ("GET", r"/v1/account", "account"),
        ("GET", r"/v1/models/([^/?]+/[^/?]+)(?:/versions/\w+)?", "replicate_model"),
        ("GET", r"/v2/([^/]+)/health", "runpod_health"),
        ("POST", r"/v2/([^/]+)/run", "runpod_create"),
        ("GET", r"/v2/[^/]+/status/([^/]+)", "runpod_get"),
        ("POST", r"/v2/[^/]+/cancel/([^/]+)", "runpod_cancel"),
        ("GET", r"/v1/models\?limit=1", "account"),
        ("GET", r"/v1/models\?endpoint_id=(.+)", "fal_model"),
        ("GET", r"/v1/models/requests/by-endpoint\?(.+)", "fal_list"),
        ("POST", r"/(fal-ai/.+)", "fal_create"),
        ("GET", r"/fal-ai/[^/]+/requests/([^/]+)/status", "fal_status"),
        ("GET", r"/fal-ai/[^/]+/requests/([^/]+)", "fal_result"),
        ("PUT", r"/fal-ai/[^/]+/requests/([^/]+)/cancel", "fal_cancel"),
        ("GET", r"/files/([^/.]+)\.\w+", "file"),
        ("GET", r"/ledger", "show_ledger"),
        ("POST", r"/script", "add_rules"),
        ("DELETE", r"/script", "clear_rules"),
        ("POST", r"/settings", "change_settings"),
        ("POST", r"/reset", "reset"),
    )

    @property
    def fake(self) -> "FakeProviders":
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
        for method, pattern, name in self.ROUTES:
            found = re.fullmatch(pattern, self.path)
            if found and method == self.command:
                if self.path.startswith(("/v1/", "/v2/", "/fal-ai/")) and not self._authorized():
                    return self._send(ANSWERS["401"](Rule(fault="401")))
                return getattr(self, name)(*found.groups())
        return self._send(MISSING)

    # --- Replicate -----------------------------------------------------------------------------

    def replicate_create(self, model: str) -> None:
        made, fault = self.fake.create("replicate", model, self.body["input"])
        self._answer(fault, self._replicate(made, 201) if made else MISSING)

    def replicate_create_version(self) -> None:
        self.replicate_create(self.body["version"])

    def replicate_model(self, name: str) -> None:
        owner, _, model = name.partition("/")
        self._known(name, {"owner": owner, "name": model, "visibility": "public"})

    def replicate_list(self, query: str) -> None:
        """Newest first, a hundred per page."""
        asked = dict(parse_qsl(query))
        after = datetime.fromisoformat(asked["created_after"])
        made = [p for p in reversed(self.fake.listed("replicate")) if _time(p.created) >= after]
        start = int(asked.get("cursor", 0))
        page = made[start : start + self.fake.page_size]
        more = start + len(page) < len(made)
        asked["cursor"] = str(start + len(page))
        listed = {
            "previous": None,
            "next": f"{self._root()}/v1/predictions?{urlencode(asked)}" if more else None,
            "results": [json.loads(self._replicate(each)[2]) for each in page],
        }
        self._answer(self.fake.rule("list", ""), _json(200, listed))

    def replicate_get(self, prediction_id: str) -> None:
        self.fake.count(gets=1)
        self._about("get", prediction_id, self._replicate)

    def replicate_cancel(self, prediction_id: str) -> None:
        self._about("cancel", prediction_id, self._replicate, cancel=True)

    def _replicate(self, prediction: "FakePrediction", status: int = 200) -> Answer:
        state = _state(prediction)
        failed = state == "failed" and prediction.outcome
        removed = prediction.outcome is not None and prediction.outcome.fault == "removed"
        root = f"{self._root()}/v1/predictions/{prediction.id}"
        return _json(
            status,
            {
                "id": prediction.id,
                "model": prediction.model,
                "version": "hidden",
                "input": {} if removed else prediction.input,
                "logs": "",
                "output": self._output(prediction) if state == "succeeded" else None,
                "data_removed": removed and state == "succeeded",
                "error": failed.text if failed else None,
                "status": state,
                "source": "api",
                "created_at": _date(prediction.created),
                "completed_at": _date(prediction.ready) if state == "succeeded" else None,
                "urls": {"get": root, "cancel": f"{root}/cancel"},
            },
        )

    # --- RunPod --------------------------------------------------------------------------------

    def runpod_create(self, endpoint: str) -> None:
        made, fault = self.fake.create("runpod", endpoint, self.body["input"])
        self._answer(fault, _json(200, {"id": made.id, "status": "IN_QUEUE"}) if made else MISSING)

    def account(self) -> None:
        """A free request that tells whether the key is valid."""
        self._send(_json(200, {"username": "tests"}))

    def runpod_health(self, endpoint: str) -> None:
        self._known(endpoint, {"jobs": {"inQueue": 0}, "workers": {"ready": 1}})

    def runpod_get(self, prediction_id: str) -> None:
        self.fake.count(gets=1)
        self._about("get", prediction_id, self._runpod)

    def runpod_cancel(self, prediction_id: str) -> None:
        self._about("cancel", prediction_id, self._runpod, cancel=True)

    def _runpod(self, prediction: "FakePrediction") -> Answer:
        state = _state(prediction)
        body: dict[str, Any] = {"id": prediction.id, "status": RUNPOD_STATES[state]}
        if state == "succeeded":
            body["delayTime"] = 0
            body["executionTime"] = round(1000 * (prediction.ready - prediction.created))
            body["output"] = self._output(prediction)
        if state == "failed" and prediction.outcome:
            body["error"] = prediction.outcome.text
        return _json(200, body)

    # --- fal -----------------------------------------------------------------------------------

    def fal_create(self, model: str) -> None:
        made, fault = self.fake.create("fal", model, self.body)
        self._answer(fault, self._fal_queued(made) if made else MISSING)

    def _fal_queued(self, prediction: "FakePrediction") -> Answer:
        app = "/".join(prediction.model.split("/")[:2])
        root = f"{self._root()}/{app}/requests/{prediction.id}"
        return _json(
            200,
            {
                "request_id": prediction.id,
                "status": "IN_QUEUE",
                "queue_position": 0,
                "response_url": root,
                "status_url": f"{root}/status",
                "cancel_url": f"{root}/cancel",
            },
        )

    def fal_model(self, quoted: str) -> None:
        name = unquote(quoted)
        listed = {"endpoint_id": name, "metadata": {"status": "active"}}
        self._known(name, {"models": [listed], "has_more": False, "next_cursor": None})

    def fal_list(self, query: str) -> None:
        """Only ended requests."""
        asked = dict(parse_qsl(query))
        start = datetime.fromisoformat(asked["start"])
        ended = [
            {
                "request_id": p.id,
                "endpoint_id": p.model,
                "sent_at": _date(p.created),
                "started_at": _date(p.created),
                "ended_at": _date(p.ready),
                "status_code": 200,
                "json_input": p.input,
            }
            for p in reversed(self.fake.listed("fal"))
            if not p.running and p.model == asked["endpoint_id"] and _time(p.created) >= start
        ]
        listed = {"items": ended, "next_cursor": None, "has_more": False}
        self._answer(self.fake.rule("list", ""), _json(200, listed))

    def fal_status(self, prediction_id: str) -> None:
        self.fake.count(gets=1)
        self._about("get", prediction_id, self._fal_status)

    def _fal_status(self, prediction: "FakePrediction") -> Answer:
        state = _state(prediction)
        if state == "processing":
            return _json(202, {"status": "IN_PROGRESS", "request_id": prediction.id})
        body: dict[str, Any] = {"status": "COMPLETED", "request_id": prediction.id}
        if state == "succeeded":
            body["metrics"] = {"inference_time": prediction.ready - prediction.created}
        if state == "canceled":
            body |= {"error": "Request cancelled", "error_type": "client_cancelled"}
        return _json(200, body)

    def fal_result(self, prediction_id: str) -> None:
        self._about("result", prediction_id, self._fal_result)

    def _fal_result(self, prediction: "FakePrediction") -> Answer:
        """A failed request returns the HTTP status of its failure."""
        outcome = prediction.outcome
        match _state(prediction):
            case "failed" if outcome:
                return _json(422, {"detail": [{"loc": ["body"], "msg": outcome.text, "type": "x"}]})
            case "aborted":
                return _typed(504, "request_timeout", "Request exceeded the allowed time.")
            case _:
                return _json(200, self._output(prediction) or {"images": []})

    def fal_cancel(self, prediction_id: str) -> None:
        self._about("cancel", prediction_id, self._fal_cancelled, cancel=True)

    def _fal_cancelled(self, prediction: "FakePrediction") -> Answer:
        if prediction.cancelled:
            return _json(202, {"status": "CANCELLATION_REQUESTED"})
        return _json(400, {"status": "ALREADY_COMPLETED"})

    # --- files ---------------------------------------------------------------------------------

    def file(self, prediction_id: str) -> None:
        self.fake.count(files=1, keys_on_files=int("Authorization" in self.headers))
        prediction = self.fake.find(prediction_id)
        if prediction is None:
            return self._send(MISSING)
        body = picture(prediction.id, prediction.input)
        return self._answer(
            self.fake.rule("file", prediction.prompt), (200, {"Content-Type": "image/png"}, body)
        )

    # --- control -------------------------------------------------------------------------------

    def show_ledger(self) -> None:
        self._send(_json(200, self.fake.as_json()))

    def add_rules(self) -> None:
        rules = self.body if isinstance(self.body, list) else [self.body]
        try:
            self._send(_json(201, {"rules": [self.fake.script(**rule) for rule in rules]}))
        except (TypeError, ValueError) as error:
            self._send(_json(400, {"error": str(error)}))

    def clear_rules(self) -> None:
        self.fake.clear()
        self._send(_json(200, {}))

    def change_settings(self) -> None:
        for name in {"latency", "spread", "token", "hosts_of_files", "gone"} & set(self.body):
            setattr(self.fake, name, self.body[name])
        self._send(_json(200, {"latency": self.fake.latency, "token": self.fake.token}))

    def reset(self) -> None:
        self.fake.reset()
        self._send(_json(200, {}))

    def _known(self, name: str, answer: Any) -> None:
        """The state of a model: rules of the stage `model` match by its name."""
        right = MISSING if name in self.fake.gone else _json(200, answer)
        self._answer(self.fake.rule("model", name), right)

    # --- the wire ------------------------------------------------------------------------------

    def _about(self, stage: str, prediction_id: str, shape: Any, *, cancel: bool = False) -> None:
        prediction = self.fake.find(prediction_id)
        if prediction is None:
            return self._send(MISSING)
        fault = self.fake.rule(stage, prediction.prompt)
        if cancel and fault is None:
            self.fake.cancel(prediction)
        return self._answer(fault, shape(prediction))

    def _answer(self, fault: Rule | None, right: Answer) -> None:
        if fault is None:
            self._send(right)
        elif fault.fault in ON_THE_WIRE:
            for part in misbehave(self, fault, right, self.fake.stopping):
                self.connection.sendall(part)
                self.fake.count(bytes_sent=len(part))
        elif fault.fault in TWISTS:
            self._send(TWISTS[fault.fault](right))
        elif fault.fault in IMAGES:
            self._send(IMAGES[fault.fault](right[2]))
        else:
            self._send(ANSWERS[fault.fault](fault))

    def _send(self, answer: Answer) -> None:
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

    def _root(self) -> str:
        return f"http://{self.headers['Host']}"

    def _output(self, prediction: "FakePrediction") -> Any:
        root = self.fake.hosts_of_files or self._root()
        url = f"{root}/files/{prediction.id}.png"
        rule = prediction.outcome
        if rule and rule.fault == "removed":
            return None
        if rule and rule.fault == "output":
            return json.loads(json.dumps(rule.output).replace("{url}", url))
        shapes = {"replicate": url, "fal": {"images": [{"url": url, "content_type": "image/png"}]}}
        return shapes.get(prediction.provider, {"image_url": url, "cost": 0.02})


def _state(prediction: "FakePrediction") -> str:
    if prediction.cancelled:
        return "canceled"
    if prediction.running:
        return "processing"
    ends = {"failed", "canceled", "aborted"}
    fault = prediction.outcome.fault if prediction.outcome else ""
    return fault if fault in ends else "succeeded"


def _time(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _date(moment: float) -> str:
    """In the providers' format."""
    return _time(moment).isoformat().replace("+00:00", "Z")


def _json(status: int, body: Any) -> Answer:
    return status, {"Content-Type": "application/json"}, json.dumps(body).encode()


def _typed(status: int, kind: str, detail: str) -> Answer:
    """A fal error as documented."""
    status, headers, body = _json(status, {"detail": detail, "error_type": kind})
    return status, {**headers, "X-Fal-Error-Type": kind}, body


def picture(seed: str, values: dict[str, Any]) -> bytes:
    """A PNG with the requested ratio whose colours depend on the seed, so that no two are
    the same.
    """
    ratio = re.fullmatch(r"(\d+):(\d+)", str(values.get("aspect_ratio", "")))
    across, down = map(int, ratio.groups()) if ratio else (1, 1)
    across, down = int(values.get("width", across)), int(values.get("height", down))
    unit = (PIXELS / (across * down)) ** 0.5
    image = _gradient(round(across * unit), round(down * unit)).copy()
    red, green, blue = hashlib.sha256(seed.encode()).digest()[:3]
    image.putpalette([c * n // 255 for n in range(256) for c in (red | 64, green | 64, blue | 64)])
    body = io.BytesIO()
    image.save(body, "PNG", compress_level=1)
    return body.getvalue()


@cache
def _gradient(width: int, height: int) -> Image.Image:
    image = Image.radial_gradient("L").resize((width, height))
    return Image.frombytes("P", image.size, image.tobytes())
