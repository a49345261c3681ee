"""OPTIONS is routed like any other method, and the template's CorsConfiguration counts.

API Gateway answers a preflight request by itself only where no route takes it. A route with ANY
takes it, its authorizer refuses it and its integration answers it; the CORS headers are added to
what the integration says. The emulator answers every OPTIONS before it looks for a route, and its
CloudFormation keeps the configuration under names that the rest of it does not know.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

ROUTED = "OPTIONS-routed"
"""What OPTIONS is called on its way past the emulator's short cut."""

type Answer = tuple[int, dict[str, str], bytes]


def install() -> None:
    from ministack.services import apigateway
    from ministack.services.cloudformation import provisioners

    short_cut = apigateway._handle_execute_in_scope
    apigateway._handle_execute_in_scope = _routing(apigateway, short_cut)
    apigateway._match_route = _by_its_name(apigateway._match_route, 1)
    apigateway._invoke_lambda_proxy = _by_its_name(apigateway._invoke_lambda_proxy, 4)
    handlers = provisioners._RESOURCE_HANDLERS["AWS::ApiGatewayV2::Api"]
    for step, properties_at in (("create", 1), ("update", 2)):
        handlers[step] = _with_known_names(handlers[step], properties_at)


def _with_known_names(step: Callable[..., Any], properties_at: int) -> Callable[..., Any]:
    @wraps(step)
    def called(*arguments: Any, **named: Any) -> Any:
        given = list(arguments)
        properties = given[properties_at]
        if found := properties.get("CorsConfiguration"):
            cors = {name[0].lower() + name[1:]: value for name, value in found.items()}
            given[properties_at] = {**properties, "CorsConfiguration": cors}
        return step(*given, **named)

    return called


def _routing(apigateway: Any, execute: Callable[..., Any]) -> Callable[..., Any]:
    match = apigateway._match_route

    @wraps(execute)
    async def routing(
        api: str, stage: str, path: str, method: str, headers: Mapping[str, str], *more: Any
    ) -> Answer:
        taken = method == "OPTIONS" and match(api, method, "/" + path.lstrip("/"))
        name = ROUTED if taken else method
        status, found, body = await execute(api, stage, path, name, headers, *more)
        if taken and "Access-Control-Allow-Origin" in found:
            cors = apigateway._apis[api]["corsConfiguration"]
            found = {**found, **apigateway._cors_preflight_response(cors, headers["origin"])[1]}
        return status, found, body

    return routing


def _by_its_name(function: Callable[..., Any], position: int) -> Callable[..., Any]:
    """The function, called with OPTIONS by its own name again."""

    @wraps(function)
    def called(*arguments: Any, **named: Any) -> Any:
        given = list(arguments)
        if given[position] == ROUTED:
            given[position] = "OPTIONS"
        return function(*given, **named)

    return called
