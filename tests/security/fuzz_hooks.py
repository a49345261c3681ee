"""What no schema can say of a valid request, made true before schemathesis sends it.

A random text is no sheet, a random id names nothing, ids must not repeat, and one Idempotency-Key
is one request. Requests that are meant to be refused are left as they are.
"""

import json
import os
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import schemathesis
from schemathesis import Case

OWN: dict[str, Any] = json.loads(os.environ["WHAT_THE_FUZZER_OWNS"])
"""`upload`, `variants`, and `cursors` by the id of the operation that takes them."""
SHEET = "make,model,year\nVolvo,Fuzzed,2024\n"
PROMPTS = "prompt\nA fuzzed chair\n"
CATALOG = (
    "variantId,variantTitle,productId,productTitle,imageUrl\n"
    "77,Shirt / Red,7,Shirt,https://shop.example.com/77.jpg\n"
)
PICTURE = "RIFF\x07\x00\x00\x00WEBPVP8"
ADDRESS = "https://shop.example.com/a.jpg"
MANY_SIDED = "google/nano-banana-2.1"
"""The model that has every quality and takes reference images."""


def options(case: Case, callback: str, dry_run: str) -> None:
    """No images for hundreds of requests that differ in one field, nor for a callback to nobody."""
    if case.body.get(callback):
        case.body |= {callback: "https://hooks.example.com/", dry_run: True}
    if case.meta is not None and case.meta.phase.name == "coverage" and dry_run not in case.body:
        case.body[dry_run] = True


def cars(case: Case) -> None:
    if isinstance(case.body, str | bytes):
        case.body = SHEET
        return
    options(case, "callbackUrl", "dryRun")
    if case.media_type == "multipart/form-data":
        case.body["file"] = SHEET
        if "metadata" in case.body:
            case.body["metadata"] = '{"season": "spring"}'


def prompts(case: Case) -> None:
    if isinstance(case.body, str | bytes):
        case.body = PROMPTS
        return
    options(case, "callback_url", "dry_run")
    if case.media_type == "multipart/form-data":
        case.body["file"] = PROMPTS
        if "metadata" in case.body:
            case.body["metadata"] = '{"season": "spring"}'
        return
    seen: set[str] = set()
    for item in case.body["items"]:
        own_id = (item.get("custom_id") or "").strip()
        if own_id and own_id in seen:
            del item["custom_id"]
        seen.add(own_id)
        if file := item.get("file"):
            item["file"] = ADDRESS if file.startswith("https") else OWN["upload"]
            case.body["model"] = MANY_SIDED
    if (case.body.get("options") or {}).get("quality") == "hd":
        case.body["model"] = MANY_SIDED


def variants(case: Case) -> None:
    options(case, "callbackUrl", "dryRun")
    del case.body["variants"][len(OWN["variants"]) :]
    for chosen, known in zip(case.body["variants"], OWN["variants"], strict=False):
        chosen["variantId"] = known
        chosen["productImageUrls"] = [ADDRESS for _ in chosen["productImageUrls"]]
    if "model" in case.body:
        case.body["model"] = MANY_SIDED


def catalog(case: Case) -> None:
    if isinstance(case.body, str | bytes):
        case.body = CATALOG
        return
    by_id = {int(row["variantId"]): row for row in case.body}
    for row in by_id.values():
        if row.get("imageUrl"):
            row["imageUrl"] = ADDRESS
    case.body = list(by_id.values())


def candidates(case: Case) -> None:
    case.body["variantIds"] = [OWN["variants"][0] for _ in case.body["variantIds"]]


def upload(case: Case) -> None:
    if case.media_type == "multipart/form-data":
        case.body["file"] = PICTURE if case.body["kind"] == "product" else SHEET


BODIES: dict[str, Callable[[Case], None]] = {
    "createCarBatch": cars,
    "createPromptBatch": prompts,
    "createVariantBatch": variants,
    "importVariants": catalog,
    "getImageCandidates": candidates,
    "createUpload": upload,
}


@schemathesis.hook
def before_call(_context: Any, case: Case, _kwargs: dict[str, Any]) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive:
        return
    operation = case.operation.definition.raw["operationId"]
    if operation in BODIES:
        BODIES[operation](case)
    if (case.query or {}).get("cursor") and operation in OWN["cursors"]:
        case.query["cursor"] = OWN["cursors"][operation]
    if key := (case.headers or {}).get("Idempotency-Key"):
        case.headers["Idempotency-Key"] = f"{key}{uuid4()}"[-255:]
