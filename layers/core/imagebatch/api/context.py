"""What every route works with: the wired use cases and the request at hand."""

from dataclasses import dataclass

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from imagebatch.api.caller import owner_of
from imagebatch.bootstrap import Bootstrap
from imagebatch.usecases.idempotency import check_key


@dataclass(frozen=True, slots=True)
class Context:
    app: APIGatewayHttpResolver
    services: Bootstrap

    @property
    def event(self) -> APIGatewayProxyEventV2:
        return self.app.current_event

    @property
    def owner(self) -> str:
        return owner_of(self.event, self.services.settings.auth_mode)

    @property
    def idempotency_key(self) -> str | None:
        key = self.event.headers.get("idempotency-key")
        if key is not None:
            check_key(key)
        return key

    @property
    def callback_origin(self) -> str:
        """Of a webhook receiver in development; empty in production."""
        return self.services.settings.dev_callback_origin

    def sign(self, key: str, seconds: int, filename: str | None) -> str:
        return self.services.sign(key, seconds, filename)

    def absolute(self, path: str) -> str:
        return self.services.settings.public_url + path
