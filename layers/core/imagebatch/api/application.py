"""The API as one function: from the gateway's event to the gateway's response."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

from imagebatch.api.errors import error_response
from imagebatch.api.event import GatewayEvent
from imagebatch.api.request import Request
from imagebatch.api.response import Reply, Response, for_gateway, json_response
from imagebatch.api.routing import Route
from imagebatch.domain.errors import UnreadableRecordError

if TYPE_CHECKING:
    from imagebatch.api.services import CommonServices


ERASE = "/api/erase"
"""Operators check an erasure here, even of their own data."""


class FindsRoutes(Protocol):
    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]: ...


class Application:
    def __init__(self, services: "CommonServices", router: FindsRoutes) -> None:
        self.services = services
        self._router = router

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """`context` is Lambda's."""
        request = Request(
            GatewayEvent(event),
            self.services,
            lambda: context.get_remaining_time_in_millis() / 1000,
        )
        try:
            return for_gateway(request.event, self._handle(request))
        except UnreadableRecordError as error:
            self.services.telemetry.unreadable("that a request names", str(error))
            return for_gateway(request.event, error_response(error))
        except Exception as error:  # noqa: BLE001 - the one place where any error becomes an answer
            return for_gateway(request.event, error_response(error))

    def _handle(self, request: "Request[CommonServices]") -> Response:
        route, variables = self._router.find(request.event.method, request.event.path)
        if not route.public and not route.path.startswith(ERASE):
            request.services.erasures.check_admitted(request.owner)
        return _response(route, route.handler(request, **variables))


def _response(route: Route, answer: Any) -> Response:
    if isinstance(answer, Response):
        return answer
    reply = answer if isinstance(answer, Reply) else Reply(200, answer)
    document = reply.model
    if not isinstance(document, dict):
        document = document.as_document(snake_case=route.snake_case)
    return json_response(reply.status, document, reply.headers)
