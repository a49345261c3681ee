"""The catalog of product variants, what has been made for them, and the settings forms."""

from typing import Any

from imagebatch.api.batches import item_cursor
from imagebatch.api.context import Context
from imagebatch.api.http import (
    answer,
    body_of,
    content_type_of,
    json_object_of,
    json_of,
    page_limit,
    query_of,
)
from imagebatch.api.response import Response
from imagebatch.domain.errors import InvalidRequestError, NotFoundError
from imagebatch.intake.catalog_import import (
    LARGEST_ID,
    CatalogImport,
    import_csv,
    import_list,
)
from imagebatch.intake.settings_schema import find_schema
from imagebatch.schemas.requests import parsed
from imagebatch.schemas.variant_requests import CandidatesRequest
from imagebatch.schemas.variant_views import folder_view, picture_view, products_view
from imagebatch.schemas.views import URL_SECONDS, paged
from imagebatch.schemas.wire import iso_timestamp
from imagebatch.usecases import keys
from imagebatch.usecases.folders import OpenedFolder
from imagebatch.usecases.image_candidates import Candidates

CSV_TYPES = frozenset({"text/csv", "application/octet-stream"})
LONGEST_SEARCH = 200


def register(context: Context) -> None:
    _catalog(context)
    _folders(context)
    _forms(context)


def _catalog(context: Context) -> None:
    app, services = context.app, context.services

    @app.put("/api/variants")
    def import_variants() -> Response:
        found = _sent(context)
        created = services.import_variants(context.owner, found)
        imported = len(found.variants)
        document = {
            "imported": imported,
            "created": created,
            "updated": imported - created,
            "warnings": list(found.warnings),
        }
        return answer(200, document)

    @app.get("/api/variants")
    def list_variants() -> Response:
        query = query_of(context.event)
        page = services.list_variants(
            context.owner,
            words=_search(query.get("q", "")),
            limit=page_limit(query),
            cursor=query.get("cursor") or None,
        )
        return answer(200, paged(products_view(page.items), page.cursor))


def _folders(context: Context) -> None:
    app, services = context.app, context.services

    @app.get("/api/variants/<variant_id>/folders", compress=True)
    def list_folders(variant_id: str) -> Response:
        query = query_of(context.event)
        page = services.list_folders(
            context.owner,
            _variant_id(variant_id),
            limit=page_limit(query),
            cursor=query.get("cursor") or None,
        )
        folders = [_folder(context, folder) for folder in page.items]
        return answer(200, paged(folders, page.cursor))

    @app.get("/api/folders/<folder_id>")
    def get_folder(folder_id: str) -> Response:
        query = query_of(context.event)
        limit, start = page_limit(query), item_cursor(query)
        folder = services.read_folder(context.owner, folder_id, limit=limit, start=start)
        return answer(200, _folder(context, folder))

    @app.post("/api/batches/image-candidates", compress=True)
    def image_candidates() -> Response:
        asked = parsed(CandidatesRequest, json_object_of(context.event))
        wanted = list(dict.fromkeys(asked.variant_ids))
        found = services.image_candidates(context.owner, wanted)
        return answer(200, _candidates(context, found))


def _forms(context: Context) -> None:
    app, services = context.app, context.services

    @app.get("/api/schemas")
    def list_schemas() -> Response:
        schemas = [
            {"key": schema.key, "title": schema.title, "description": schema.description}
            for schema in services.schemas.values()
        ]
        return answer(200, paged(schemas, None))

    @app.get("/api/schemas/<schema_key>")
    def get_schema(schema_key: str) -> Response:
        return answer(200, find_schema(services.schemas, schema_key, status=404).json_schema())


def _sent(context: Context) -> CatalogImport:
    kind = content_type_of(context.event)
    if kind == "application/json":
        return import_list(json_of(context.event))
    if kind in CSV_TYPES:
        return import_csv(body_of(context.event))
    raise InvalidRequestError(
        "unsupported-media-type",
        "Unsupported content type",
        detail="Send the variants as application/json or text/csv.",
        status=415,
    )


def _search(words: str) -> str:
    if len(words) > LONGEST_SEARCH:
        raise InvalidRequestError(
            "invalid-search", f"A search has at most {LONGEST_SEARCH} characters"
        )
    return words


def _variant_id(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 16 or int(text) > LARGEST_ID:
        raise NotFoundError("variant-not-found", "Variant not found", title="Not found")
    return int(text)


def _folder(context: Context, folder: OpenedFolder) -> dict[str, Any]:
    cursor = None if folder.next_index is None else str(folder.next_index)
    pictures = [
        picture_view(each.id, each.key, each.file, each.created_at, context.sign)
        for each in folder.pictures
    ]
    return folder_view(folder.name, folder.batch_id, folder.variant_id, pictures, cursor)


def _candidates(context: Context, found: Candidates) -> dict[str, Any]:
    def sign(key: str) -> str:
        return context.sign(key, URL_SECONDS, None)

    return {
        "variants": [
            {
                "variantId": variant.id,
                "productId": variant.product_id,
                "variantTitle": variant.title,
                "variantImageUrl": variant.image_url,
                "generatedImages": [
                    {"id": i.id, "url": sign(i.key), "createdAt": iso_timestamp(i.created_at)}
                    for i in images
                ],
            }
            for variant, images in found.variants
        ],
        "uploads": [
            {
                "id": upload.id,
                "url": sign(keys.upload(upload.id)),
                "originalName": upload.original_name,
                "createdAt": iso_timestamp(upload.created_at),
            }
            for upload in found.uploads
        ],
    }
