"""Seeds one owner on a deployed stack: every kind of batch, and its inputs."""

import io
from collections.abc import Callable
from copy import replace
from dataclasses import dataclass
from typing import Any

import httpx
from PIL import Image

from testing.batches import finished, sheet, turns

PATIENCE = 120.0


def picture(colour: str = "navy") -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(body, "PNG")
    return body.getvalue()


def ask(api: httpx.Client, method: str, path: str, status: int, **content: Any) -> Any:
    answer = api.request(method, path, **content)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json() if answer.content else None


def until(what: str, look: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """Return what `look` returns, once it is truthy."""
    for _ in turns(seconds):
        if found := look():
            return found
    raise AssertionError(f"after {seconds:g} s still not: {what}")


def cars(api: httpx.Client, *models: str, **fields: str) -> str:
    files = {"file": ("cars.csv", sheet(*models).encode(), "text/csv")}
    return str(ask(api, "POST", "/api/car-batch", 202, files=files, data=fields)["jobId"])


def upload(api: httpx.Client, kind: str, body: bytes) -> dict[str, Any]:
    files, data = {"file": ("of mine", body)}, {"kind": kind}
    made: dict[str, Any] = ask(api, "POST", "/api/uploads", 201, files=files, data=data)["file"]
    return made


def direct_upload(api: httpx.Client, body: bytes) -> dict[str, Any]:
    """Upload directly to the bucket and wait until it is validated."""
    about = {"kind": "product", "filename": "a.png", "contentType": "image/png", "size": len(body)}
    made = ask(api, "POST", "/api/uploads", 201, json=about)
    form, where = made["upload"]["fields"], made["upload"]["url"]
    assert httpx.post(where, data=form, files={"file": body}, timeout=60).status_code == 204

    def checked() -> Any:
        items = ask(api, "GET", "/api/uploads?limit=100", 200)["items"]
        return [i for i in items if i["id"] == made["file"]["id"] and i["status"] != "checking"]

    [found] = until("checked", checked)
    return dict(found)


def prompts(api: httpx.Client, *items: dict[str, str], **more: Any) -> str:
    body = {"items": items, **more}
    return str(ask(api, "POST", "/api/v1/batch/generate", 202, json=body)["batch_id"])


def catalog(api: httpx.Client, *ids: int, product: int = 10) -> None:
    rows = [
        {
            "variantId": id_,
            "variantTitle": f"Shirt {id_}",
            "productId": product,
            "productTitle": "Shirt",
            "imageUrl": f"https://shop.example.com/{id_}.jpg",
        }
        for id_ in ids
    ]
    ask(api, "PUT", "/api/variants", 200, json=rows)


def variant_request(variant: int, *urls: str, **more: Any) -> dict[str, Any]:
    settings = {"schemaKey": "product-shot", "numberOfVariations": 1, "input": {}}
    chosen = [{"variantId": variant, "productImageUrls": urls}]
    return {"name": "shirts", "variants": chosen, "settings": settings, **more}


def variants(api: httpx.Client, variant: int, *urls: str) -> str:
    body = variant_request(variant, *urls)
    return str(ask(api, "POST", "/api/batches", 202, json=body)["jobId"])


@dataclass
class OwnedResources:
    """What an owner has at the end; `cursor` is by the list's path."""

    cars: str
    prompts: str
    variants: str
    variant: int
    folder: str
    variant_folder: str
    sheet: str
    reference: str
    reference_url: str
    image_url: str
    library_url: str
    key: str
    cursors: dict[str, str]

    @property
    def batches(self) -> list[str]:
        return [self.cars, self.prompts, self.variants]


def seed_owner(api: httpx.Client, word: str, variant: int) -> OwnedResources:
    """`word` is in every prompt; `variant` is the ID of the catalog's variant."""
    key = f"key of {word}"
    text = sheet(f"{word} 1", f"{word} 2").encode()
    made = ask(
        api, "POST", "/api/car-batch", 202, headers={"Idempotency-Key": key},
        files={"file": ("cars.csv", text, "text/csv")}, data={"name": f"{word} cars"},
    )  # fmt: skip
    reference, listed = upload(api, "product", picture()), upload(api, "csv", text)
    asked = {"prompt": f"a {word}", "file": reference["id"]}
    drawn = prompts(api, asked, options={"include_pdf": True})
    catalog(api, variant, variant + 1)
    shirts = variants(api, variant, reference["url"])
    for batch in (made["jobId"], drawn, shirts):
        finished(api, batch, PATIENCE)
    full = ask(api, "GET", f"/api/batches/{shirts}", 200)
    lists = ("/api/batches", "/api/v1/batch", "/api/uploads", "/api/variants")
    pages = {path: ask(api, "GET", f"{path}?limit=1", 200) for path in lists}
    return OwnedResources(
        cars=made["jobId"],
        prompts=drawn,
        variants=shirts,
        variant=variant,
        folder=full["folderId"],
        variant_folder=full["variants"][0]["folderId"],
        sheet=listed["id"],
        reference=reference["id"],
        key=key,
        cursors={path: p.get("nextCursor") or p["next_cursor"] for path, p in pages.items()},
        **signed_urls(api, reference["id"], made["jobId"], shirts),
    )


def sign_again(api: httpx.Client, owned: OwnedResources) -> OwnedResources:
    """Signed URLs are valid for 15 minutes, and a suite may take longer."""
    return replace(owned, **signed_urls(api, owned.reference, owned.cars, owned.variants))


def signed_urls(api: httpx.Client, reference: str, cars: str, shirts: str) -> dict[str, Any]:
    uploads = ask(api, "GET", "/api/uploads?limit=100", 200)["items"]
    items = ask(api, "GET", f"/api/v1/batch/{cars}/status?limit=1", 200)["items"]
    full = ask(api, "GET", f"/api/batches/{shirts}", 200)
    return {
        "reference_url": next(each["url"] for each in uploads if each["id"] == reference),
        "image_url": items[0]["url"],
        "library_url": full["variants"][0]["images"][0]["url"],
    }
