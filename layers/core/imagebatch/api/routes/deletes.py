"""Permanent deletion. Unknown and already deleted resources get the same response."""

from imagebatch.api.parameters import path
from imagebatch.api.request import Request
from imagebatch.api.response import Response
from imagebatch.api.routes.variants import VARIANT_ID
from imagebatch.api.routing import Routes
from imagebatch.intake.catalog_import import MAX_VARIANT_ID

routes = Routes("Deleting")
ANY = {"type": "string"}
"""An invalid ID is treated like a missing one; 404 is for unknown paths."""
RESERVED_SECONDS = 12.0
"""Reserved at the end of the request, for work in progress and the response: the sweeper does the
rest.
"""


@routes.delete(
    "/api/batches/{batch_id}",
    id="deleteBatch",
    summary="Permanently delete a finished batch",
    description="Its images, versions, archive, results in the outbox, folders and records. "
    "This cannot be undone.",
    parameters=[path("batch_id", ANY, "The batch's ID.")],
    returns={204: None},
    errors=[404, 409],
)
def delete_batch(request: Request, batch_id: str) -> Response:
    request.services.delete_batch(
        request.owner, batch_id, lambda: request.seconds_left() > RESERVED_SECONDS
    )
    return Response(204)


@routes.delete(
    "/api/uploads/{upload_id}",
    id="deleteUpload",
    summary="Delete an upload",
    description="409 while an unfinished batch uses it.",
    parameters=[path("upload_id", ANY, "The upload's ID.")],
    returns={204: None},
    errors=[404, 409],
)
def delete_upload(request: Request, upload_id: str) -> Response:
    request.services.delete_upload(request.owner, upload_id)
    return Response(204)


@routes.delete(
    "/api/variants/{variant_id}",
    id="deleteVariant",
    summary="Remove a variant from your catalog",
    description="Its generated images stay in the folders of its batches.",
    parameters=[path("variant_id", ANY, "The variant's ID.")],
    returns={204: None},
    errors=[404],
)
def delete_variant(request: Request, variant_id: str) -> Response:
    owner = request.owner
    if VARIANT_ID.fullmatch(variant_id) and int(variant_id) <= MAX_VARIANT_ID:
        request.services.delete_variant(owner, int(variant_id))
    return Response(204)


@routes.delete(
    "/api/folders/{folder_id}/images/{image_id}",
    id="deleteImage",
    summary="Delete an image from its folders and its batch",
    description="Deletes all of its versions, and the batch's archive, which contains the image "
    "and can be rebuilt without it. 409 while the batch, or another batch that uses the image, "
    "is unfinished.",
    parameters=[
        path("folder_id", ANY, "A folder's ID."),
        path("image_id", ANY, "An image's ID, as listed in the folder."),
    ],
    returns={204: None},
    errors=[404, 409],
)
def delete_image(request: Request, folder_id: str, image_id: str) -> Response:
    request.services.delete_image(request.owner, folder_id, image_id)
    return Response(204)
