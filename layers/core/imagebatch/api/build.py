"""Combines all routes, in the order of the OpenAPI document.

A group loads its use cases and its models, which together take longer than the rest of a cold
start. So its module is imported at the first request to a path below one of its prefixes. `sam
build` imports all of them, for the document.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import import_module
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from imagebatch.api.application import Application
from imagebatch.api.routing import Route, Router, Routes

if TYPE_CHECKING:
    from imagebatch.api.services import Services


class Group(NamedTuple):
    module: str
    prefixes: tuple[str, ...]
    """Each path of the group begins with one of them."""

    @property
    def routes(self) -> Routes:
        module = import_module(f"imagebatch.api.routes.{self.module}")
        routes: Routes = module.routes
        return routes


GROUPS = (
    Group("cars", ("/api/car-batch",)),
    Group("sheets", ("/api/sheet-batch",)),
    Group("templates", ("/api/templates",)),
    Group("batches", ("/api/batch/", "/api/batches/", "/api/v1/batch")),
    Group("batch_input", ("/api/batches/",)),
    Group("rounds", ("/api/batches/", "/api/v1/batch/")),
    Group("items", ("/api/v1/batch/",)),
    Group("shares", ("/api/batches/", "/api/shared/")),
    Group("progress", ("/api/v1/batch/",)),
    Group("prompts", ("/api/v1/batch/generate",)),
    Group("uploads", ("/api/uploads",)),
    Group("variants", ("/api/variants", "/api/folders/", "/api/schemas", "/api/batches/")),
    Group("variant_batches", ("/api/batches",)),
    Group("webhooks", ("/api/batches/",)),
    Group("deletes", ("/api/batches/", "/api/uploads/", "/api/variants/", "/api/folders/")),
    Group("erasures", ("/api/erase",)),
    Group("models", ("/api/models",)),
    Group("budget", ("/api/budget",)),
    Group("operations", ("/api/queue", "/api/doctor", "/health", "/openapi.json", "/docs")),
)


class GroupRouter:
    """Finds a route in the groups whose prefixes the path has; imports no others."""

    def __init__(self, groups: Sequence[Group]) -> None:
        self._groups = groups

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        groups = tuple(group for group in self._groups if path.startswith(group.prefixes))
        return _router(groups).find(method, path)


@cache
def _router(groups: tuple[Group, ...]) -> Router:
    return Router(_routes(groups))


def _routes(groups: Sequence[Group]) -> Iterator[Route]:
    return chain.from_iterable(group.routes for group in groups)


def all_routes() -> Iterator[Route]:
    return _routes(GROUPS)


def build(services: "Services") -> Application:
    return Application(services, GroupRouter(GROUPS))
