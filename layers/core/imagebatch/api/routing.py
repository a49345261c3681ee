"""Declares the API's routes, each in one place, and matches requests to them."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypedDict, Unpack

from imagebatch.api.request_errors import MethodNotAllowedError
from imagebatch.domain.errors import NotFoundError
from imagebatch.structs import Struct, field, replace

type Handler = Callable[..., Any]
"""Called with the request, and the path variables by name."""

JSON = "application/json"
VALUE = re.compile(r"[-._~()'!*:@,;=+&$%<> \[\]{}|^\w]+")
"""The characters of a path variable: none that separates the parts of a key."""


class Description(TypedDict, total=False):
    """A route's declaration besides its method and path."""

    v1: str
    """The path in the v1 API of a route that has one in both."""
    id: str
    summary: str
    description: str
    tag: str
    parameters: Sequence[Mapping[str, Any]]
    request: Any
    optional_body: bool
    returns: Mapping[int, Any]
    errors: Sequence[int]
    public: bool
    scheme: str
    example: Any
    examples: Mapping[int, Any]
    links: Mapping[int, Mapping[str, Any]]


class Route(Struct, frozen=True, kw_only=True):
    """One operation: its method and path, its request and responses, and its handler.

    `request` and `returns` hold models, or JSON schemas by media type.
    """

    method: str
    path: str
    id: str
    tag: str
    summary: str
    description: str = ""
    parameters: Sequence[Mapping[str, Any]] = ()
    request: Mapping[str, Any] = field(default_factory=dict)
    """By media type; a model without one means application/json."""
    optional_body: bool = False
    returns: Mapping[int, Any] = field(default_factory=dict)
    errors: Sequence[int] = ()
    """Statuses of the problem documents, besides 401, 500 and 503."""
    public: bool = False
    scheme: str = "bearer"
    """The security scheme that carries the token."""
    example: Any = None
    """A JSON request as a client would send it."""
    examples: Mapping[int, Any] = field(default_factory=dict)
    """Responses by status."""
    links: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)
    """By status and name: what to call next."""
    handler: Handler

    @property
    def snake_case(self) -> bool:
        """The v1 API spells names in snake_case, all others in camelCase."""
        return self.path.startswith("/api/v1/")


class Routes:
    """The routes of one module, in the order of the document."""

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def get[F: Handler](self, path: str, **about: Unpack[Description]) -> Callable[[F], F]:
        return self._add("GET", path, about)

    def post[F: Handler](self, path: str, **about: Unpack[Description]) -> Callable[[F], F]:
        return self._add("POST", path, about)

    def put[F: Handler](self, path: str, **about: Unpack[Description]) -> Callable[[F], F]:
        return self._add("PUT", path, about)

    def patch[F: Handler](self, path: str, **about: Unpack[Description]) -> Callable[[F], F]:
        return self._add("PATCH", path, about)

    def delete[F: Handler](self, path: str, **about: Unpack[Description]) -> Callable[[F], F]:
        return self._add("DELETE", path, about)

    def _add[F: Handler](self, method: str, path: str, about: Description) -> Callable[[F], F]:
        def declare(handler: F) -> F:
            fields: dict[str, Any] = {"tag": self.tag, **about}
            v1, request = fields.pop("v1", None), fields.pop("request", {})
            if not isinstance(request, Mapping):
                request = {JSON: request}
            route = Route(method=method, path=path, handler=handler, request=request, **fields)
            if v1 is not None:
                self._routes.append(replace(route, path=v1, id=f"{route.id}V1"))
            self._routes.append(route)
            return handler

        return declare


class Router:
    """Finds a route by path first, then by method; returns 404 and 405 otherwise."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._paths: dict[str, dict[str, Route]] = {}
        for route in routes:
            self._paths.setdefault(route.path, {})[route.method] = route
        self._templates = [
            (path.split("/"), methods) for path, methods in self._paths.items() if "{" in path
        ]

    def find(self, method: str, path: str) -> tuple[Route, dict[str, str]]:
        methods, variables = self._at(path)
        wanted = "GET" if method == "HEAD" else method
        if wanted not in methods:
            raise MethodNotAllowedError(allowed(methods))
        return methods[wanted], variables

    def _at(self, path: str) -> tuple[dict[str, Route], dict[str, str]]:
        """A literal path takes precedence over one with a matching variable."""
        if path in self._paths and "{" not in path:
            return self._paths[path], {}
        parts = path.split("/")
        for template, methods in self._templates:
            variables = _match(template, parts)
            if variables is not None:
                return methods, variables
        raise NotFoundError("no-such-route", "Not found")


def allowed(methods: Iterable[str]) -> list[str]:
    """HEAD works wherever GET does."""
    found = set(methods)
    return sorted(found | {"HEAD"} if "GET" in found else found)


def _match(template: Sequence[str], parts: Sequence[str]) -> dict[str, str] | None:
    if len(template) != len(parts):
        return None
    variables = {}
    for expected, part in zip(template, parts, strict=True):
        if expected.startswith("{"):
            if not VALUE.fullmatch(part):
                return None
            variables[expected[1:-1]] = part
        elif expected != part:
            return None
    return variables
