"""Live progress as server-sent events: each response is finite, and the client reconnects.

ProgressFunction serves these routes, with its own concurrency.
"""

from typing import TYPE_CHECKING

from imagebatch.api.parameters import BATCH_ID
from imagebatch.api.request import Request
from imagebatch.api.response import Response
from imagebatch.api.routing import Routes
from imagebatch.api.sse import after_of, stream

if TYPE_CHECKING:
    from imagebatch.api.services import ProgressServices

CONTENT_TYPE = "text/event-stream; charset=utf-8"
EVENTS = {
    "description": "Events `item`, `progress` and a last one; their `data` is an `ItemEvent`, a "
    "`ProgressEvent` or an `EndEvent` as JSON."
}
LAST_EVENT_ID = {"name": "Last-Event-ID", "in": "header", "schema": {"type": "string"}}
LAST_EVENT_ID_QUERY = {
    "name": "lastEventId",
    "in": "query",
    "description": "The same, for clients that cannot set the header.",
    "schema": {"type": "string"},
}

routes = Routes("Batches")


@routes.get(
    "/api/v1/batch/{batch_id}/progress",
    id="watchBatch",
    summary="Live progress as server-sent events",
    description="A finite stream; reconnect with `Last-Event-ID`. 204 once the stream has ended.",
    parameters=[BATCH_ID, LAST_EVENT_ID, LAST_EVENT_ID_QUERY],
    returns={200: {"text/event-stream": EVENTS}, 204: None},
    errors=[404, 429],
)
def watch_batch(request: Request["ProgressServices"], batch_id: str) -> Response:
    services = request.services
    after = after_of(request.header("last-event-id") or request.query.get("lastEventId"))
    news = services.watch(request.owner, batch_id, after, request.seconds_left)
    if news is None:
        return Response(204)
    return Response(200, CONTENT_TYPE, stream(news, services.clock.now(), request.sign))


@routes.get(
    "/api/v1/batch/{batch_id}/events",
    id="watchBatchInBrowser",
    summary="The same for a browser's EventSource, with the token in the URL",
    parameters=[BATCH_ID, LAST_EVENT_ID, LAST_EVENT_ID_QUERY],
    returns={200: {"text/event-stream": EVENTS}, 204: None},
    errors=[404, 429],
    scheme="query",
)
def watch_batch_in_browser(request: Request["ProgressServices"], batch_id: str) -> Response:
    return watch_batch(request, batch_id)
