"""A catalog and batches of its variants on the deployed template, IAM enforced."""

import io
import time
from typing import Any

import boto3
import httpx
from botocore.config import Config
from PIL import Image

from testing.batches import archive, finished, images
from testing.fake_providers import FakeProviders
from tests.conftest import Aws, Stack

HEADER = "variantId,variantTitle,productId,productTitle,imageUrl\n"
PUBLIC = "https://shop.example.com/never-fetched.png"


def row(id: int, title: str) -> dict[str, Any]:  # noqa: A002
    return {
        "variantId": id,
        "variantTitle": title,
        "productId": 70,
        "productTitle": title.split(" / ", maxsplit=1)[0],
        "imageUrl": PUBLIC,
    }


def picture(colour: str) -> bytes:
    body = io.BytesIO()
    Image.new("RGB", (64, 64), colour).save(body, "PNG")
    return body.getvalue()


def uploaded(api: httpx.Client, body: bytes) -> str:
    """The signed URL of an uploaded image."""
    answer = api.post(
        "/api/uploads", files={"file": ("ref.png", body, "image/png")}, data={"kind": "product"}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["file"]["url"])


def imported(api: httpx.Client, *rows: dict[str, Any]) -> None:
    answer = api.put("/api/variants", json=list(rows))
    assert answer.status_code == 200, answer.text


def submitted(
    api: httpx.Client, *choices: tuple[int, list[str]], **settings: Any
) -> dict[str, Any]:
    more = settings.pop("more", {})
    request = {
        "variants": [{"variantId": id_, "productImageUrls": urls} for id_, urls in choices],
        "settings": {"schemaKey": "product-shot", **settings},
        **more,
    }
    answer = api.post("/api/batches", json=request)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


def made(api: httpx.Client, *choices: tuple[int, list[str]], **settings: Any) -> dict[str, Any]:
    """The batch once it has ended, with its variants."""
    batch_id = submitted(api, *choices, **settings)["jobId"]
    finished(api, batch_id)
    return dict(api.get(f"/api/batches/{batch_id}").json())


def folder(api: httpx.Client, folder_id: str) -> list[dict[str, Any]]:
    """All images of a folder, page by page."""
    items, cursor = [], ""
    while cursor is not None:
        answer = api.get(f"/api/folders/{folder_id}", params={"limit": 3, "cursor": cursor})
        assert answer.status_code == 200, answer.text
        items += answer.json()["items"]
        cursor = answer.json()["nextCursor"]
    return items


def keys_in(aws: Aws, stack: Stack, prefix: str) -> list[str]:
    found = aws("s3", stack).list_objects_v2(Bucket=stack["bucket"], Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", [])]


def test_thousand_variants_are_imported_from_list_and_sheet(api: httpx.Client) -> None:
    rows = [row(10_000 + n, f"Mug / Size {n}") for n in range(1000)]
    answer = api.put("/api/variants", json=rows)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["imported"], answer.json()["created"]) == (1000, 1000)
    lines = "".join(f"{10_000 + n},Becher / Größe {n},71,Becher,\n" for n in range(1000))
    answer = api.put(
        "/api/variants",
        content=(HEADER + lines).encode("utf-8-sig"),
        headers={"content-type": "text/csv"},
    )
    assert answer.status_code == 200, answer.text
    assert (answer.json()["created"], answer.json()["updated"]) == (0, 1000)
    assert api.get("/api/variants", params={"q": "mug"}).json()["items"] == []
    [product] = api.get("/api/variants", params={"q": "GRÖSSE 99", "limit": 100}).json()["items"]
    assert (product["productId"], len(product["variants"])) == (71, 11)


def test_variants_with_several_images_become_images_in_folders(
    live: httpx.Client, live_stack: Stack, fake: FakeProviders, aws: Aws
) -> None:
    imported(live, row(1, "Teapot / Red"), row(2, "Teapot / Blue"), row(3, "Teapot / Green"))
    red, person = picture("red"), picture("white")
    first = uploaded(live, red)
    batch = made(
        live,
        (1, [first, PUBLIC]),
        (2, [PUBLIC]),
        (3, [PUBLIC] * 4),
        numberOfVariations=2,
        input={"aspect_ratio": "4:3", "model_image_url": uploaded(live, person)},
        more={"name": "Teatime"},
    )
    assert (batch["status"], batch["outcome"], batch["done"]) == ("completed", "all_succeeded", 6)
    assert batch["cost"]["actual"] == "0.2016"
    assert [(v["variantId"], v["done"], len(v["images"])) for v in batch["variants"]] == [
        (1, 2, 2),
        (2, 2, 2),
        (3, 2, 2),
    ]

    creates = fake.creates("Teapot / Red")
    assert len(creates) == 2
    for create in creates:
        ours, public, shown = create.input["image_input"]
        assert (httpx.get(ours).content, public) == (red, PUBLIC)
        assert httpx.get(shown).content == person
        assert create.input["aspect_ratio"] == "4:3"
        assert "the person in reference image 3" in create.prompt

    names = images(archive(batch))
    assert names == [
        f"Teapot_{colour}/Teapot_{colour}-{n}.png"
        for colour in ("Red", "Blue", "Green")
        for n in (1, 2)
    ]

    shared = folder(live, batch["folderId"])
    own = [image for v in batch["variants"] for image in folder(live, v["folderId"])]
    assert [image["id"] for image in shared] == [image["id"] for image in own]
    stored = keys_in(aws, live_stack, f"library/{batch['jobId']}/")
    pictures = [key for key in stored if not key.endswith(".thumb.webp")]
    assert len(pictures) == len(shared) == 6
    assert sorted(stored) == sorted([*pictures, *(f"{key}.thumb.webp" for key in pictures)])
    assert keys_in(aws, live_stack, f"batches/{batch['jobId']}/images/") == []
    for image in shared:
        assert httpx.get(image["url"]).content[:4] == b"\x89PNG"
    [listed] = live.get("/api/variants/2/folders").json()["items"]
    assert (listed["id"], listed["name"]) == (f"{batch['jobId']}.2", "Teatime / Teapot Blue")


def test_generated_image_is_offered_as_a_candidate(live: httpx.Client, fake: FakeProviders) -> None:
    imported(live, row(11, "Kettle / Steel"), row(12, "Kettle / Black"))
    made(live, (11, [PUBLIC]), numberOfVariations=3)
    upload = uploaded(live, picture("black"))
    answer = live.post("/api/batches/image-candidates", json={"variantIds": [11, 12]})
    assert answer.status_code == 200, answer.text
    steel, black = answer.json()["variants"]
    assert (len(steel["generatedImages"]), black["generatedImages"]) == (3, [])
    assert upload.partition("?")[0] in {
        u["url"].partition("?")[0] for u in answer.json()["uploads"]
    }
    start = steel["generatedImages"][0]["url"]
    batch = made(live, (12, [start]))
    assert batch["done"] == 1
    [create] = fake.creates("Kettle / Black")
    assert httpx.get(create.input["image_input"][0]).content == httpx.get(start).content


def test_retry_uses_the_same_images_after_urls_expired(
    live: httpx.Client, live_stack: Stack, fake: FakeProviders
) -> None:
    imported(live, row(21, "Bowl / Oak"))
    body = picture("brown")
    expired = expiring(live_stack, uploaded(live, body))
    fake.script("failed", prompt="Bowl / Oak", times=1, text="flagged as sensitive (E005)")
    batch = made(live, (21, [expired]), numberOfVariations=2, input={"purpose": "social"})
    assert (batch["done"], batch["failed"]) == (1, 1)
    before = {image["id"] for image in folder(live, batch["folderId"])}
    fake.clear()
    answer = live.post(f"/api/batches/{batch['jobId']}/retry")
    assert answer.status_code == 202, answer.text
    after = finished(live, batch["jobId"])
    assert (after["round"], after["done"], after["failed"]) == (2, 2, 0)
    assert after["zipUrl"].partition("?")[0] != batch["zipUrl"].partition("?")[0]
    assert len(images(archive(after))) == 2
    assert before < {image["id"] for image in folder(live, batch["folderId"])}
    creates = fake.creates("Bowl / Oak")
    assert len({create.prompt for create in creates}) == 1
    for create in creates:
        assert httpx.get(create.input["image_input"][0]).content == body
        assert create.input["image_input"][0] != expired


def origin(url: str) -> str:
    return url.partition("/uploads/")[0].rpartition("/")[0]


def expiring(stack: Stack, url: str) -> str:
    """A signed URL of the same object whose time is over."""
    session = boto3.Session(stack["accessKeyId"], stack["secretAccessKey"], region_name="us-east-1")
    key = url.partition("?")[0].partition(stack["bucket"] + "/")[2]
    config = Config(signature_version="s3v4")
    s3 = session.client("s3", endpoint_url=origin(url), config=config)
    short = str(
        s3.generate_presigned_url(
            "get_object", Params={"Bucket": stack["bucket"], "Key": key}, ExpiresIn=1
        )
    )
    until = time.monotonic() + 20
    while httpx.get(short).status_code == 200:
        assert time.monotonic() < until, "the address does not expire"
        time.sleep(0.2)
    return short


def test_addresses_that_are_not_the_callers_are_refused(
    live: httpx.Client, live_stack: Stack
) -> None:
    imported(live, row(31, "Plate / White"))
    base = f"{origin(uploaded(live, picture('white')))}/{live_stack['bucket']}"
    bad = [f"{base}/uploads/0123", f"{base}/archives/x/1-1.zip", "http://127.0.0.1/a.png"]
    request = {
        "variants": [{"variantId": 31, "productImageUrls": bad}],
        "settings": {"schemaKey": "product-shot"},
    }
    answer = live.post("/api/batches", json=request)
    assert answer.status_code == 422, answer.text
    assert [d["field"] for d in answer.json()["details"]] == [
        f"variants.0.productImageUrls.{n}" for n in range(3)
    ]
