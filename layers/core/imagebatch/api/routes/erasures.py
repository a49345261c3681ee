"""Erasing an owner, for operators."""

from imagebatch.api.caller import OFF
from imagebatch.api.http import json_object_of
from imagebatch.api.parameters import path
from imagebatch.api.request import Request
from imagebatch.api.response import Reply
from imagebatch.api.routing import Routes
from imagebatch.domain.erasure import Erasure
from imagebatch.domain.errors import ForbiddenError
from imagebatch.schemas.erasures import EraseRequest, ErasureAccepted, ErasureReceipt, RemovedData
from imagebatch.schemas.request_parsing import parsed

routes = Routes("Deleting")


@routes.post(
    "/api/erase",
    id="eraseOwner",
    summary="Erase all of an owner's data, for operators",
    description="`owner` is the exact key: the `sub` of the user's token, or the folder of the "
    "inbox. Its requests are rejected (403) until the job is done, which takes 20 minutes or more.",
    request=EraseRequest,
    returns={202: ErasureAccepted},
    errors=[400, 403, 422],
    example={"owner": "5f0c9a7e-4d2b-4c0e-9f2d-8a6b1c3e5f70"},
)
def erase_owner(request: Request) -> Reply:
    _check_operator(request)
    sent = parsed(EraseRequest, json_object_of(request.event))
    erasure = request.services.erasures.start(sent.owner)
    url = request.absolute(f"/api/erase/{erasure.id}")
    return Reply(202, ErasureAccepted(id=erasure.id, status_url=url), {"Location": url})


@routes.get(
    "/api/erase/{erasure_id}",
    id="getErasure",
    summary="The receipt of an erasure, for operators",
    description="The number of removed objects, and the amounts kept for accounting.",
    parameters=[path("erasure_id", {"type": "string"}, "The erasure's ID.")],
    returns={200: ErasureReceipt},
    errors=[403, 404],
)
def get_erasure(request: Request, erasure_id: str) -> ErasureReceipt:
    _check_operator(request)
    return _receipt(request.services.erasures.receipt(erasure_id))


def _check_operator(request: Request) -> None:
    """Without authentication everybody is an operator, so this is allowed only in
    development mode.
    """
    settings = request.services.settings
    if not request.is_operator or (settings.auth_mode == OFF and settings.providers):
        raise ForbiddenError("operators-only", "For operators only", title="For operators only")


def _receipt(erasure: Erasure) -> ErasureReceipt:
    return ErasureReceipt(
        id=erasure.id,
        owner=erasure.owner,
        status=erasure.status,
        started_at=erasure.started_at,
        finished_at=erasure.finished_at,
        removed=RemovedData(
            batches=erasure.batches, uploads=erasure.uploads, records=erasure.records
        ),
        kept=dict(erasure.kept),
    )
