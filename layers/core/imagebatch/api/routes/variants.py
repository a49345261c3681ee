"""The catalog of product variants, their images, and the settings schemas."""

import re

from imagebatch.api.http import (
    body_of,
    content_type_of,
    item_cursor,
    json_object_of,
    json_of,
    page_cursor,
    page_limit,
    search_words,
    unsupported_media_type,
)
from imagebatch.api.library_answers import candidates_answer, folder_answer
from imagebatch.api.parameters import (
    BINARY,
    CSV_TEXT,
    CURSOR,
    ITEM_CURSOR,
    LIMIT,
    link,
    path,
    query,
)
from imagebatch.api.request import Request
from imagebatch.api.response import Response, json_response
from imagebatch.api.routing import Routes
from imagebatch.api.sheets import RAW_TYPES, read_options
from imagebatch.api.variant_examples import BATCH, IMAGE, ROW, UPLOADED
from imagebatch.domain.errors import NotFoundError
from imagebatch.intake.catalog_import import (
    MAX_VARIANT_ID,
    CatalogImport,
    import_csv,
    import_list,
)
from imagebatch.intake.settings_schema import find_schema
from imagebatch.intake.uploads import XLSX_TYPE
from imagebatch.schemas.request_parsing import parsed
from imagebatch.schemas.requests import ReadingOptions
from imagebatch.schemas.variant_answers import (
    SETTINGS_SCHEMA,
    CandidatesAnswer,
    CatalogImported,
    FolderAnswer,
    FolderList,
    ProductList,
    SchemaList,
    SchemaSummary,
)
from imagebatch.schemas.variant_requests import CandidatesRequest, VariantList
from imagebatch.schemas.variant_views import products_view
from imagebatch.schemas.views import notice_answers

FOLDER = r"^[0-9a-f]{32}(\.[1-9][0-9]{0,15})?$"
VARIANT_ID = re.compile(r"[1-9][0-9]{0,15}", re.ASCII)

routes = Routes("Variants")


@routes.put(
    "/api/variants",
    id="importVariants",
    summary="Import up to 1,000 variants into your catalog",
    description="Existing variants are replaced. A CSV has the columns variantId, "
    "variantTitle, productId, productTitle, imageUrl; it may be a workbook. If any row is "
    "invalid, nothing is imported. Encodings other than UTF-8 need application/octet-stream.",
    parameters=[
        query(
            "encoding", {"type": "string", "maxLength": 40}, "The sheet's encoding, if not UTF-8."
        ),
        query("sheet", {"type": "string", "maxLength": 200}, "The sheet of a workbook."),
        query("unknownColumns", {"type": "string", "enum": ["reject", "ignore"]}),
    ],
    request={"application/json": VariantList, "text/csv": CSV_TEXT, XLSX_TYPE: BINARY}
    | {"application/octet-stream": BINARY},
    returns={200: CatalogImported},
    errors=[400, 413, 415, 422],
    example=[ROW],
    examples={200: {"imported": 1, "created": 1, "updated": 0, "warnings": [], "notices": []}},
)
def import_variants(request: Request) -> CatalogImported:
    found = _sent(request)
    created = request.services.import_variants(request.owner, found)
    imported = len(found.variants)
    return CatalogImported(
        imported=imported,
        created=created,
        updated=imported - created,
        warnings=list(found.warnings),
        notices=notice_answers(found.notices),
    )


@routes.get(
    "/api/variants",
    id="listVariants",
    summary="Your catalog, grouped by product",
    description="Ordered by product and variant ID. `limit` counts variants; a product may "
    "be on two pages.",
    parameters=[
        query("q", {"type": "string", "maxLength": 200}, "A part of a title, case-insensitive."),
        LIMIT,
        CURSOR,
    ],
    returns={200: ProductList},
    errors=[400],
    examples={
        200: {
            "items": [
                {
                    "productId": 10,
                    "productTitle": "Linen shirt",
                    "variants": [
                        {
                            "variantId": 1001,
                            "variantTitle": "Linen shirt / White / M",
                            "imageUrl": ROW["imageUrl"],
                        }
                    ],
                }
            ],
            "nextCursor": None,
        }
    },
)
def list_variants(request: Request) -> ProductList:
    page = request.services.list_variants(
        request.owner,
        words=search_words(request.query),
        limit=page_limit(request.query),
        cursor=page_cursor(request.query),
    )
    return ProductList(items=products_view(page.items), next_cursor=page.cursor)


@routes.get(
    "/api/variants/{variant_id}/folders",
    id="listFolders",
    summary="The folders of a variant, one for each of its batches, newest first",
    parameters=[
        path(
            "variant_id",
            {"type": "integer", "minimum": 1, "maximum": MAX_VARIANT_ID},
            "The variant's ID.",
        ),
        LIMIT,
        CURSOR,
    ],
    returns={200: FolderList},
    errors=[400, 404],
)
def list_folders(request: Request, variant_id: str) -> FolderList:
    page = request.services.list_folders(
        request.owner,
        _variant_id(variant_id),
        limit=page_limit(request.query),
        cursor=page_cursor(request.query),
    )
    folders = [folder_answer(request, folder) for folder in page.items]
    return FolderList(items=folders, next_cursor=page.cursor)


@routes.get(
    "/api/folders/{folder_id}",
    id="getFolder",
    summary="The images of a folder, in the order of their batch",
    description="A batch's shared folder has the batch's id.",
    parameters=[
        path("folder_id", {"type": "string", "pattern": FOLDER}, "A folder's ID."),
        LIMIT,
        ITEM_CURSOR,
    ],
    returns={200: FolderAnswer},
    errors=[400, 404],
    examples={
        200: {
            "id": f"{BATCH}.1001",
            "name": "Spring / Linen shirt White M",
            "batchId": BATCH,
            "variantId": 1001,
            "items": [{**IMAGE, "file": "Linen_shirt_White_M-1.png"}],
            "nextCursor": None,
        }
    },
)
def get_folder(request: Request, folder_id: str) -> FolderAnswer:
    limit, start = page_limit(request.query), item_cursor(request.query)
    folder = request.services.read_folder(request.owner, folder_id, limit=limit, start=start)
    return folder_answer(request, folder)


@routes.get(
    "/api/schemas",
    id="listSchemas",
    summary="The settings schemas",
    returns={200: SchemaList},
    links={200: {"form": link("getSchema", schema_key="items/0/key")}},
)
def list_schemas(request: Request) -> SchemaList:
    found = request.services.schemas.values()
    summaries = [
        SchemaSummary(key=schema.key, title=schema.title, description=schema.description)
        for schema in found
    ]
    return SchemaList(items=summaries, next_cursor=None)


@routes.get(
    "/api/schemas/{schema_key}",
    id="getSchema",
    summary="A settings form as JSON Schema",
    parameters=[path("schema_key", {"type": "string"}, "Such as product-shot.")],
    returns={200: {"application/json": SETTINGS_SCHEMA}},
    errors=[404],
)
def get_schema(request: Request, schema_key: str) -> Response:
    schema = find_schema(request.services.schemas, schema_key, error=NotFoundError)
    return json_response(200, schema.json_schema())


@routes.post(
    "/api/batches/image-candidates",
    id="getImageCandidates",
    summary="Candidates for a batch's product images",
    description="The newest 50 images generated for each variant, and your newest 200 ready "
    "uploads. A response over 5.5 MB needs `Accept-Encoding: gzip`.",
    request=CandidatesRequest,
    returns={200: CandidatesAnswer},
    errors=[400, 406, 422],
    example={"variantIds": [1001]},
    examples={
        200: {
            "variants": [
                {
                    "variantId": 1001,
                    "productId": 10,
                    "productTitle": "Linen shirt",
                    "variantTitle": "Linen shirt / White / M",
                    "variantImageUrl": ROW["imageUrl"],
                    "generatedImages": [IMAGE],
                }
            ],
            "uploads": [UPLOADED],
        }
    },
)
def get_image_candidates(request: Request) -> CandidatesAnswer:
    asked = parsed(CandidatesRequest, json_object_of(request.event))
    wanted = list(dict.fromkeys(asked.variant_ids))
    return candidates_answer(request, request.services.image_candidates(request.owner, wanted))


def _sent(request: Request) -> CatalogImport:
    options = parsed(ReadingOptions, dict(request.query))
    kind = content_type_of(request.event)
    if kind == "application/json":
        return import_list(json_of(request.event))
    if kind in RAW_TYPES:
        return import_csv(body_of(request.event), read_options(options))
    raise unsupported_media_type("Send the variants as application/json, text/csv or .xlsx.")


def _variant_id(text: str) -> int:
    if not VARIANT_ID.fullmatch(text) or int(text) > MAX_VARIANT_ID:
        raise NotFoundError("variant-not-found", "Variant not found", title="Not found")
    return int(text)
