"""All routes: the providers' APIs, the generated files, and the control of the fakes."""

from testing.fake_providers.fal import FalRoutes
from testing.fake_providers.files import picture
from testing.fake_providers.handler import MISSING, ProviderHandler, route
from testing.fake_providers.replicate import ReplicateRoutes
from testing.fake_providers.responses import json_response
from testing.fake_providers.runpod import RunpodRoutes


class ControlRoutes(ProviderHandler):
    @route("GET", r"/v1/account")
    @route("GET", r"/v1/models\?limit=1")
    def account(self) -> None:
        """A free request that checks the key."""
        self.send(json_response(200, {"username": "tests"}))

    @route("GET", r"/files/([^/.]+)\.\w+")
    def file(self, prediction_id: str) -> None:
        self.fake.count(files=1, keys_on_files=int("Authorization" in self.headers))
        prediction = self.fake.find(prediction_id)
        if prediction is None:
            return self.send(MISSING)
        body = picture(prediction.id, prediction.input)
        return self.answer(
            self.fake.rule("file", prediction.prompt), (200, {"Content-Type": "image/png"}, body)
        )

    @route("GET", r"/ledger")
    def show_ledger(self) -> None:
        self.send(json_response(200, self.fake.as_json()))

    @route("POST", r"/script")
    def add_rules(self) -> None:
        rules = self.body if isinstance(self.body, list) else [self.body]
        try:
            self.send(json_response(201, {"rules": [self.fake.script(**rule) for rule in rules]}))
        except (TypeError, ValueError) as error:
            self.send(json_response(400, {"error": str(error)}))

    @route("DELETE", r"/script")
    def clear_rules(self) -> None:
        self.fake.clear()
        self.send(json_response(200, {}))

    @route("POST", r"/settings")
    def change_settings(self) -> None:
        for name in {"latency", "spread", "token", "hosts_of_files", "gone"} & set(self.body):
            setattr(self.fake, name, self.body[name])
        self.send(json_response(200, {"latency": self.fake.latency, "token": self.fake.token}))

    @route("POST", r"/reset")
    def reset(self) -> None:
        self.fake.reset()
        self.send(json_response(200, {}))


class Handler(ReplicateRoutes, RunpodRoutes, FalRoutes, ControlRoutes): ...
