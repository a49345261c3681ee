"""The API as one function: from the gateway's event to the gateway's answer."""

from collections.abc import Iterable, Mapping
from typing import Any

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from imagebatch.api.errors import error_response
from imagebatch.api.request import Request
from imagebatch.api.response import JSON, Response, for_gateway
from imagebatch.api.routing import Route, Router
from imagebatch.bootstrap import Bootstrap


class Application:
    def __init__(self, services: Bootstrap, routes: Iterable[Route]) -> None:
        self.services = services
        self.routes = tuple(routes)
        self._router = Router(self.routes)

    def __call__(self, event: Mapping[str, Any], context: Any) -> dict[str, Any]:
        """`context` is Lambda's."""
        request = Request(
            APIGatewayProxyEventV2(dict(event)),
            self.services,
            lambda: context.get_remaining_time_in_millis() / 1000,
        )
        try:
            return for_gateway(request.event, self._handle(request))
        except Exception as error:  # noqa: BLE001 - the one place where any error becomes an answer
            return for_gateway(request.event, error_response(error))

    def _handle(self, request: Request) -> Response:
        route, variables = self._router.find(request.event.http_method, request.event.path)
        answer = route.handler(request, **variables)
        return answer if isinstance(answer, Response) else _model_response(route, answer)


def _model_response(route: Route, model: Any) -> Response:
    """Fields that were not set are absent; names are spelled as the route's API spells them."""
    body = model.model_dump_json(by_alias=not route.snake_case, exclude_unset=True)
    return Response(200, JSON, body)
