"""fal's queue API."""

from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from testing.fake_providers.handler import (
    MISSING,
    ProviderHandler,
    date_text,
    route,
    state_of,
    time_of,
)
from testing.fake_providers.ledger import FakePrediction
from testing.fake_providers.responses import Response, json_response


class FalRoutes(ProviderHandler):
    @route("POST", r"/(fal-ai/.+)")
    def fal_create(self, model: str) -> None:
        made, fault = self.fake.create("fal", model, self.body)
        self.answer(fault, self._fal_queued(made) if made else MISSING)

    def _fal_queued(self, prediction: FakePrediction) -> Response:
        app = "/".join(prediction.model.split("/")[:2])
        root = f"{self.root()}/{app}/requests/{prediction.id}"
        return json_response(
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

    @route("GET", r"/v1/models\?endpoint_id=(.+)")
    def fal_model(self, quoted: str) -> None:
        name = unquote(quoted)
        listed = {"endpoint_id": name, "metadata": {"status": "active"}}
        self.answer_known(name, {"models": [listed], "has_more": False, "next_cursor": None})

    @route("GET", r"/v1/models/requests/by-endpoint\?(.+)")
    def fal_list(self, query: str) -> None:
        """Only ended requests."""
        asked = dict(parse_qsl(query))
        start = datetime.fromisoformat(asked["start"])
        ended = [
            {
                "request_id": p.id,
                "endpoint_id": p.model,
                "sent_at": date_text(p.created),
                "started_at": date_text(p.created),
                "ended_at": date_text(p.ready),
                "status_code": 200,
                "json_input": p.input,
            }
            for p in reversed(self.fake.listed("fal"))
            if not p.running and p.model == asked["endpoint_id"] and time_of(p.created) >= start
        ]
        listed = {"items": ended, "next_cursor": None, "has_more": False}
        self.answer(self.fake.rule("list", ""), json_response(200, listed))

    @route("GET", r"/fal-ai/[^/]+/requests/([^/]+)/status")
    def fal_status(self, prediction_id: str) -> None:
        self.fake.count(gets=1)
        self.answer_about("get", prediction_id, self._fal_status)

    def _fal_status(self, prediction: FakePrediction) -> Response:
        state = state_of(prediction)
        if state == "processing":
            return json_response(202, {"status": "IN_PROGRESS", "request_id": prediction.id})
        body: dict[str, Any] = {"status": "COMPLETED", "request_id": prediction.id}
        if state == "succeeded":
            body["metrics"] = {"inference_time": prediction.ready - prediction.created}
        if state == "canceled":
            body |= {"error": "Request cancelled", "error_type": "client_cancelled"}
        return json_response(200, body)

    @route("GET", r"/fal-ai/[^/]+/requests/([^/]+)")
    def fal_result(self, prediction_id: str) -> None:
        self.answer_about("result", prediction_id, self._fal_result)

    def _fal_result(self, prediction: FakePrediction) -> Response:
        """A failed request returns the HTTP status of its failure."""
        outcome = prediction.outcome
        match state_of(prediction):
            case "failed" if outcome:
                return json_response(
                    422, {"detail": [{"loc": ["body"], "msg": outcome.text, "type": "x"}]}
                )
            case "aborted":
                return _typed(504, "request_timeout", "Request exceeded the allowed time.")
            case _:
                return json_response(200, self.output(prediction) or {"images": []})

    @route("PUT", r"/fal-ai/[^/]+/requests/([^/]+)/cancel")
    def fal_cancel(self, prediction_id: str) -> None:
        self.answer_about("cancel", prediction_id, self._fal_cancelled, cancel=True)

    def _fal_cancelled(self, prediction: FakePrediction) -> Response:
        if prediction.cancelled:
            return json_response(202, {"status": "CANCELLATION_REQUESTED"})
        return json_response(400, {"status": "ALREADY_COMPLETED"})


def _typed(status: int, kind: str, detail: str) -> Response:
    """A fal error as documented."""
    status, headers, body = json_response(status, {"detail": detail, "error_type": kind})
    return status, {**headers, "X-Fal-Error-Type": kind}, body
