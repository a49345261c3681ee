"""What is public: health, the OpenAPI document and a page to read it."""

from importlib.resources import files

from aws_lambda_powertools.event_handler import Response

from imagebatch.api.context import Context
from imagebatch.api.http import answer

CACHE = {"Cache-Control": "public, max-age=300"}


def register(context: Context) -> None:
    @context.app.get("/health")
    def health() -> Response[str]:
        return answer(200, {"status": "ok"})

    @context.app.get("/openapi.json")
    def openapi() -> Response[str]:
        return Response(200, "application/json", _data("openapi.json"), CACHE)

    @context.app.get("/docs")
    def docs() -> Response[str]:
        return Response(200, "text/html; charset=utf-8", _data("docs.html"), CACHE)


def _data(name: str) -> str:
    return (files("imagebatch.data") / name).read_text("utf-8")
