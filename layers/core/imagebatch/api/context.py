"""The routes that are still registered on an application instead of declared (see routing.py)."""

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from imagebatch.api.request import Request
from imagebatch.api.routing import Handler, Route
from imagebatch.bootstrap import Bootstrap

_request: ContextVar[Request] = ContextVar("request")


@dataclass(frozen=True, slots=True)
class Registry:
    routes: list[Route] = field(default_factory=list)

    @property
    def current_event(self) -> APIGatewayProxyEventV2:
        return _request.get().event

    def get(self, path: str, **_: Any) -> Callable[[Handler], Handler]:
        return self._add("GET", path)

    def post(self, path: str, **_: Any) -> Callable[[Handler], Handler]:
        return self._add("POST", path)

    def put(self, path: str, **_: Any) -> Callable[[Handler], Handler]:
        return self._add("PUT", path)

    def _add(self, method: str, path: str) -> Callable[[Handler], Handler]:
        def add(handler: Handler) -> Handler:
            def handle(request: Request, **variables: str) -> Any:
                _request.set(request)
                return handler(**variables)

            known = path.replace("<", "{").replace(">", "}")
            self.routes.append(
                Route(method=method, path=known, id="", tag="", summary="", handler=handle)
            )
            return handler

        return add


@dataclass(frozen=True, slots=True)
class Context:
    app: Registry
    services: Bootstrap

    @property
    def event(self) -> APIGatewayProxyEventV2:
        return self.app.current_event

    @property
    def owner(self) -> str:
        return _request.get().owner

    @property
    def idempotency_key(self) -> str | None:
        return _request.get().idempotency_key

    @property
    def callback_origin(self) -> str:
        return self.services.settings.dev_callback_origin

    def sign(self, key: str, seconds: int, filename: str | None) -> str:
        return self.services.sign(key, seconds, filename)

    def absolute(self, path: str) -> str:
        return self.services.settings.public_url + path
