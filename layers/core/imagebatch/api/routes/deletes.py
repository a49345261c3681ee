"""Deleting for good. What is not known, or was deleted, is answered like what is deleted now."""

from imagebatch.api.parameters import path
from imagebatch.api.request import Request
from imagebatch.api.response import Response
from imagebatch.api.routes.variants import VARIANT_ID
from imagebatch.api.routing import Routes
from imagebatch.intake.catalog_import import LARGEST_ID

routes = Routes("Deleting")
ANY = {"type": "string"}
"""An id that is none is like one that is not there; 404 is for what fits no path."""
SECONDS_KEPT = 12.0
"""Of the request's time, for what is under way and the answer: the sweeper does the rest."""


@routes.delete(
    "/api/batches/{batch_id}",
    id="deleteBatch",
    summary="Delete a finished batch for good",
    description="Its images, versions, archive, results in the outbox, folders and records. "
    "Nothing can bring it back.",
    parameters=[path("batch_id", ANY, "The batch's id.")],
    returns={204: None},
    errors=[404, 409],
)
def delete_batch(request: Request, batch_id: str) -> Response:
    request.services.delete_batch(
        request.owner, batch_id, lambda: request.seconds_left() > SECONDS_KEPT
    )
    return Response(204)


@routes.delete(
    "/api/uploads/{upload_id}",
    id="deleteUpload",
    summary="Delete an upload",
    description="409 while an unfinished batch uses it.",
    parameters=[path("upload_id", ANY, "The upload's id.")],
    returns={204: None},
    errors=[404, 409],
)
def delete_upload(request: Request, upload_id: str) -> Response:
    request.services.delete_upload(request.owner, upload_id)
    return Response(204)


@routes.delete(
    "/api/variants/{variant_id}",
    id="deleteVariant",
    summary="Take a variant out of your catalog",
    description="What was made for it stays in the folders of its batches.",
    parameters=[path("variant_id", ANY, "The variant's id.")],
    returns={204: None},
    errors=[404],
)
def delete_variant(request: Request, variant_id: str) -> Response:
    owner = request.owner
    if VARIANT_ID.fullmatch(variant_id) and int(variant_id) <= LARGEST_ID:
        request.services.delete_variant(owner, int(variant_id))
    return Response(204)


@routes.delete(
    "/api/folders/{folder_id}/images/{image_id}",
    id="deleteImage",
    summary="Delete an image from its folders and its batch",
    description="With all of its versions. The batch's archive is deleted too, since it holds the "
    "image; it can be built again without it. 409 while the batch is unfinished, or another one "
    "that is uses the image.",
    parameters=[
        path("folder_id", ANY, "A folder's id."),
        path("image_id", ANY, "An image's id, as the folder lists it."),
    ],
    returns={204: None},
    errors=[404, 409],
)
def delete_image(request: Request, folder_id: str, image_id: str) -> Response:
    request.services.delete_image(request.owner, folder_id, image_id)
    return Response(204)
