"""The API's routes on one resolver, and the one place where an error becomes an answer."""

from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoRouteError

from imagebatch.api import (
    batches,
    cars,
    documents,
    prompts,
    uploads,
    variant_batches,
    variants,
)
from imagebatch.api.context import Context
from imagebatch.api.http import failure, refusal
from imagebatch.api.methods import methods_of
from imagebatch.bootstrap import Bootstrap
from imagebatch.domain.errors import (
    ConflictError,
    MethodNotAllowedError,
    NotFoundError,
    RequestError,
    UnavailableError,
)
from imagebatch.schemas.problem import unavailable

logger = Logger(child=True)


def build(services: Bootstrap) -> APIGatewayHttpResolver:
    app = APIGatewayHttpResolver()
    context = Context(app, services)
    for routes in (cars, prompts, uploads, variants, variant_batches, batches, documents):
        routes.register(context)

    @app.exception_handler(RequestError)  # type: ignore[untyped-decorator]
    def refused(error: RequestError) -> Response[str]:
        return refusal(missing(error))

    def missing(error: RequestError) -> RequestError:
        """An address that is there, but not for this method, which a route with an id in its path
        may have taken for an id.
        """
        methods = methods_of(context.event.path) if error.status == 404 else []
        wrong = methods and context.event.http_method not in methods
        return MethodNotAllowedError(methods) if wrong else error

    @app.exception_handler([UnavailableError, ConflictError])  # type: ignore[untyped-decorator]
    def not_now(error: UnavailableError | ConflictError) -> Response[str]:
        logger.warning("a part of the service is unavailable", reason=str(error))
        return refusal(unavailable())

    @app.not_found
    def no_route(_: NoRouteError) -> Response[str]:
        return refusal(missing(NotFoundError("no-such-route", "Not found")))

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]
    def unforeseen(error: Exception) -> Response[Any]:
        logger.error("unforeseen error", exc_info=error)
        return failure()

    return app
