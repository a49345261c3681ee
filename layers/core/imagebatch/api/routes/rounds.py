"""The rounds of a batch after the first: retries and redos."""

import json
from collections.abc import Callable

from pydantic import BaseModel

from imagebatch.api.options import json_fields
from imagebatch.api.parameters import BATCH_ID, IDEMPOTENCY_KEY
from imagebatch.api.request import Request
from imagebatch.api.response import Reply
from imagebatch.api.routing import Routes
from imagebatch.domain.batch import Batch
from imagebatch.schemas.answers import BatchAnswer
from imagebatch.schemas.request_parsing import parsed
from imagebatch.schemas.round_requests import RedoBody, RoundBody
from imagebatch.schemas.views import batch_view
from imagebatch.usecases.idempotency import fingerprint
from imagebatch.usecases.redo_items import RedoRequest
from imagebatch.usecases.round_models import RoundOptions

ERRORS = (400, 402, 404, 409, 410, 422, 429)
RETRY = (
    "If only the archive failed or expired, rebuilds it. With an Idempotency-Key that was already "
    "used, opens nothing and returns the batch. A model that was retired since is rejected unless "
    "`model` names another."
)
REDO = (
    "Whatever their status. Each generated image becomes the item's next version and the chosen "
    "one; an item that has an image keeps it if the redo fails or is cancelled. Price, maximum "
    "cost and idempotency are as for a retry."
)
REBUILD = (
    "For an archive that has expired, or whose choices have changed since. The batch's status does "
    "not change, no webhook is sent, and live progress does not restart: `archive.state` is "
    "`building` until it is `ready`. An archive that is up to date is not rebuilt."
)
NOTE = {"items": ["row-0007"], "note": "wheels straight"}

routes = Routes("Batches")


@routes.post(
    "/api/batches/{batch_id}/retry",
    v1="/api/v1/batch/{batch_id}/retry",
    id="retryBatch",
    summary="Run the failed items again as the next round",
    description=RETRY,
    parameters=[BATCH_ID, IDEMPOTENCY_KEY],
    request=RoundBody,
    optional_body=True,
    returns={202: BatchAnswer},
    errors=ERRORS,
)
def retry_batch(request: Request, batch_id: str) -> Reply:
    sent, owner = parsed(RoundBody, json_fields(request)), request.owner
    return _open_round(
        request,
        batch_id,
        ("retry", sent),
        lambda key: request.services.retry(owner, batch_id, key, _options(sent)),
    )


@routes.post(
    "/api/batches/{batch_id}/redo",
    v1="/api/v1/batch/{batch_id}/redo",
    id="redoItems",
    summary="Regenerate chosen items as the next round",
    description=REDO,
    parameters=[BATCH_ID, IDEMPOTENCY_KEY],
    request=RedoBody,
    returns={202: BatchAnswer},
    errors=ERRORS,
    example=NOTE,
)
def redo_items(request: Request, batch_id: str) -> Reply:
    sent, owner = parsed(RedoBody, json_fields(request)), request.owner
    wanted = RedoRequest(items=sent.items, note=sent.note, seed=sent.seed, options=_options(sent))
    return _open_round(
        request,
        batch_id,
        ("redo", sent),
        lambda key: request.services.redo(owner, batch_id, key, wanted),
    )


@routes.post(
    "/api/batches/{batch_id}/archive",
    v1="/api/v1/batch/{batch_id}/archive",
    id="rebuildArchive",
    summary="Rebuild the archive at no cost",
    description=REBUILD,
    parameters=[BATCH_ID],
    returns={202: BatchAnswer},
    errors=(404, 409, 410),
)
def rebuild_archive(request: Request, batch_id: str) -> Reply:
    return _accepted(request, request.services.rebuild_archive(request.owner, batch_id))


def _options(sent: RoundBody) -> RoundOptions:
    return RoundOptions(
        model=sent.model or None,
        fallback=sent.fallback,
        quality=sent.quality,
        max_cost=sent.max_cost,
    )


def _open_round(
    request: Request,
    batch_id: str,
    content: tuple[str, BaseModel],
    open_round: Callable[[str], Batch],
) -> Reply:
    services, owner = request.services, request.owner
    services.execute_once(
        owner,
        request.idempotency_key,
        _fingerprint(batch_id, *content),
        lambda key: {"round": open_round(key).round},
    )
    return _accepted(request, services.records.batch(owner, batch_id))


def _accepted(request: Request, batch: Batch) -> Reply:
    view = batch_view(batch, request.services.clock.now(), request.sign)
    return Reply(202, view, {"Location": request.absolute(f"/api/batch/{batch.id}")})


def _fingerprint(batch_id: str, action: str, sent: BaseModel) -> str:
    """Omitted options are not part of it, so that a new option does not change existing content."""
    fields = sent.model_dump(mode="json", exclude_none=True)
    options = [json.dumps(fields, sort_keys=True)] if fields else []
    return fingerprint(action, batch_id, *options)
