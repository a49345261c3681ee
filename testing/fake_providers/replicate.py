"""Replicate's API."""

import json
from datetime import datetime
from urllib.parse import parse_qsl, urlencode

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


class ReplicateRoutes(ProviderHandler):
    @route("POST", r"/v1/models/([^/]+/[^/]+)/predictions")
    def replicate_create(self, model: str) -> None:
        made, fault = self.fake.create("replicate", model, self.body["input"])
        self.answer(fault, self._replicate(made, 201) if made else MISSING)

    @route("POST", r"/v1/predictions")
    def replicate_create_version(self) -> None:
        self.replicate_create(self.body["version"])

    @route("GET", r"/v1/models/([^/?]+/[^/?]+)(?:/versions/\w+)?")
    def replicate_model(self, name: str) -> None:
        owner, _, model = name.partition("/")
        self.answer_known(name, {"owner": owner, "name": model, "visibility": "public"})

    @route("GET", r"/v1/predictions\?(.+)")
    def replicate_list(self, query: str) -> None:
        """Newest first, a hundred per page."""
        asked = dict(parse_qsl(query))
        after = datetime.fromisoformat(asked["created_after"])
        made = [p for p in reversed(self.fake.listed("replicate")) if time_of(p.created) >= after]
        start = int(asked.get("cursor", 0))
        page = made[start : start + self.fake.page_size]
        more = start + len(page) < len(made)
        asked["cursor"] = str(start + len(page))
        listed = {
            "previous": None,
            "next": f"{self.root()}/v1/predictions?{urlencode(asked)}" if more else None,
            "results": [json.loads(self._replicate(each)[2]) for each in page],
        }
        self.answer(self.fake.rule("list", ""), json_response(200, listed))

    @route("GET", r"/v1/predictions/([^/]+)")
    def replicate_get(self, prediction_id: str) -> None:
        self.fake.count(gets=1)
        self.answer_about("get", prediction_id, self._replicate)

    @route("POST", r"/v1/predictions/([^/]+)/cancel")
    def replicate_cancel(self, prediction_id: str) -> None:
        self.answer_about("cancel", prediction_id, self._replicate, cancel=True)

    def _replicate(self, prediction: FakePrediction, status: int = 200) -> Response:
        state = state_of(prediction)
        failed = state == "failed" and prediction.outcome
        removed = prediction.outcome is not None and prediction.outcome.fault == "removed"
        root = f"{self.root()}/v1/predictions/{prediction.id}"
        return json_response(
            status,
            {
                "id": prediction.id,
                "model": prediction.model,
                "version": "hidden",
                "input": {} if removed else prediction.input,
                "logs": "",
                "output": self.output(prediction) if state == "succeeded" else None,
                "data_removed": removed and state == "succeeded",
                "error": failed.text if failed else None,
                "status": state,
                "source": "api",
                "created_at": date_text(prediction.created),
                "completed_at": date_text(prediction.ready) if state == "succeeded" else None,
                "urls": {"get": root, "cancel": f"{root}/cancel"},
            },
        )
