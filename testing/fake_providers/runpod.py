"""RunPod's API."""

from typing import Any

from testing.fake_providers.handler import MISSING, ProviderHandler, route, state_of
from testing.fake_providers.ledger import FakePrediction
from testing.fake_providers.responses import Response, json_response

RUNPOD_STATES = {
    "processing": "IN_PROGRESS",
    "succeeded": "COMPLETED",
    "failed": "FAILED",
    "canceled": "CANCELLED",
    "aborted": "TIMED_OUT",
}


class RunpodRoutes(ProviderHandler):
    @route("POST", r"/v2/([^/]+)/run")
    def runpod_create(self, endpoint: str) -> None:
        made, fault = self.fake.create("runpod", endpoint, self.body["input"])
        self.answer(
            fault, json_response(200, {"id": made.id, "status": "IN_QUEUE"}) if made else MISSING
        )

    @route("GET", r"/v2/([^/]+)/health")
    def runpod_health(self, endpoint: str) -> None:
        self.answer_known(endpoint, {"jobs": {"inQueue": 0}, "workers": {"ready": 1}})

    @route("GET", r"/v2/[^/]+/status/([^/]+)")
    def runpod_get(self, prediction_id: str) -> None:
        self.fake.count(gets=1)
        self.answer_about("get", prediction_id, self._runpod)

    @route("POST", r"/v2/[^/]+/cancel/([^/]+)")
    def runpod_cancel(self, prediction_id: str) -> None:
        self.answer_about("cancel", prediction_id, self._runpod, cancel=True)

    def _runpod(self, prediction: FakePrediction) -> Response:
        state = state_of(prediction)
        body: dict[str, Any] = {"id": prediction.id, "status": RUNPOD_STATES[state]}
        if state == "succeeded":
            body["delayTime"] = 0
            body["executionTime"] = round(1000 * (prediction.ready - prediction.created))
            body["output"] = self.output(prediction)
        if state == "failed" and prediction.outcome:
            body["error"] = prediction.outcome.text
        return json_response(200, body)
