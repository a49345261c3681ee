"""Puts all routes together, in the order of the OpenAPI document."""

from collections.abc import Iterator

from imagebatch.api import batches, cars, prompts, uploads, variant_batches, variants
from imagebatch.api.application import Application
from imagebatch.api.context import Context, Registry
from imagebatch.api.routes import operations, progress
from imagebatch.api.routing import Route
from imagebatch.bootstrap import Bootstrap


def all_routes() -> Iterator[Route]:
    yield from progress.routes
    yield from operations.routes


def build(services: Bootstrap) -> Application:
    registry = Registry()
    context = Context(registry, services)
    for module in (cars, prompts, uploads, variants, variant_batches, batches):
        module.register(context)
    return Application(services, [*registry.routes, *all_routes()])
