"""The catalog, candidates, folders and variant batches through the API's own function."""

from copy import replace
from typing import Any

import pytest

from imagebatch.api.response import MAX_RESPONSE_BYTES
from imagebatch.domain.images import thumbnail_key
from imagebatch.domain.item import Item
from imagebatch.domain.round_state import Archive
from imagebatch.domain.rounds import publish
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from imagebatch.schemas import variant_answers as answers
from imagebatch.usecases import keys
from testing.records import an_image, change_batch, change_item
from testing.services import Deployment
from testing.workbooks import workbook
from tests.functions.conftest import Answer, Api
from tests.intake.test_uploads import PNG

PUBLIC = "https://shop.example.com/a.jpg"
HEADER = "variantId,variantTitle,productId,productTitle,imageUrl\n"


def row(id: int = 1, **fields: Any) -> dict[str, Any]:  # noqa: A002
    return {
        "variantId": id,
        "variantTitle": f"Size {id}",
        "productId": 10,
        "productTitle": "Linen shirt",
        "imageUrl": PUBLIC,
        **fields,
    }


def request(*chosen: tuple[int, list[str]], variations: int = 1, **more: Any) -> dict[str, Any]:
    settings, choices = more.pop("settings", {}), chosen or ((1, [PUBLIC]),)
    return {
        "variants": [
            {"variantId": id_, "productImageUrls": urls} for id_, urls in choices
        ],
        "settings": {
            "schemaKey": "product-shot", "numberOfVariations": variations, "input": {}, **settings,
        },
        **more,
    }  # fmt: skip


def submit(api: Api, *choices: tuple[int, list[str]], **more: Any) -> Answer:
    headers = more.pop("headers", {})
    return api.post("/api/batches", json=request(*choices, **more), headers=headers)


def details(answer: Answer) -> list[tuple[str, Any]]:
    assert answer.status == 422, answer.body
    return [(d.get("field") or d["column"], d.get("variantId", d.get("row"))) for d in
            answer.json()["details"]]  # fmt: skip


def make(services: Deployment, batch_id: str, owner: str = "local", failed: int = 0) -> None:
    """What dispatcher and workers leave: all items succeeded but the last `failed`."""
    from imagebatch.domain.batch_manifest import decode_manifest

    body = services.media.get(keys.plan(batch_id))
    assert body is not None
    planned = decode_manifest(body).items
    services.store.add_items(owner, batch_id, [each.to_item() for each in planned])
    for item in list(services.store.items(owner, batch_id)):
        settle(services, owner, batch_id, item, succeeds=item.index < len(planned) - failed)


def settle(services: Deployment, owner: str, batch_id: str, item: Item, *, succeeds: bool) -> None:
    batch = services.records.batch(owner, batch_id)
    end = ItemStatus.SUCCEEDED if succeeds else ItemStatus.FAILED
    counts = batch.counts.transfer(ItemStatus.PENDING, end)
    key = keys.image(batch.kind, batch_id, item.index, f"p{item.index}")
    made: dict[str, Any] = (
        {
            "image": replace(an_image(key), thumbnail=item.index % 2 == 0 or None),
            "file": f"{item.stem}.png",
        }
        if succeeds
        else {}
    )
    now = services.clock.now()
    done = change_item(item, status=end, round=1, settled_at=now, **made)
    services.store.commit(change_batch(batch, counts=counts, updated_at=now), done)


@pytest.fixture
def shop(api: Api) -> Api:
    """An API whose caller has variants 1 to 3."""
    assert api.put("/api/variants", json=[row(n) for n in (1, 2, 3)]).status == 200
    return api


@pytest.fixture
def upload(api: Api) -> str:
    """The signed URL of an uploaded image."""
    files = {"file": ("front.png", PNG, "image/png")}
    made = api.post("/api/uploads", files=files, data={"kind": "product"})
    return str(made.json()["file"]["url"])


# --- the catalog ----------------------------------------------------------------------------------


def test_catalog_is_imported_from_list_or_sheet(api: Api) -> None:
    first = api.put("/api/variants", json=[row(1), row(2)])
    assert first.json() == {
        "imported": 2,
        "created": 2,
        "updated": 0,
        "warnings": [],
        "notices": [],
    }
    sheet = HEADER + "2,Größe 2,10,Hemd,\n3,Größe 3,10,Hemd,https://shop.example.com/3.jpg\n"
    again = api.put("/api/variants", content=sheet.encode(), headers={"content-type": "text/csv"})
    assert again.status == 200
    found = answers.CatalogImported.model_validate(again.json())
    assert (found.imported, found.created, found.updated) == (2, 1, 1)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_catalog_is_read_as_any_sheet(api: Api, kind: str) -> None:
    table = [HEADER.strip().split(","), ["2", "Gr\u00f6\u00dfe 2", "10", "Hemd \u0142", ""]]
    sheet = "\n".join(";".join(cells) for cells in table).encode("cp1250")
    body = workbook([["x"]], table) if kind == "xlsx" else sheet
    options = "sheet=Sheet2" if kind == "xlsx" else "encoding=windows-1250"
    headers = {"content-type": "application/octet-stream"}
    answer = api.put(f"/api/variants?{options}", content=body, headers=headers)
    assert answer.status == 200, answer.body
    [product] = api.get("/api/variants").json()["items"]
    assert product["variants"][0]["variantTitle"] == "Gr\u00f6\u00dfe 2"
    assert product["productTitle"] == "Hemd \u0142"


def test_a_catalog_whose_encoding_is_unclear_is_asked_about(api: Api) -> None:
    sheet = (HEADER + "2,M,10,\u5927\u4f17,\n").encode("gbk")
    headers = {"content-type": "application/octet-stream"}
    answer = api.put("/api/variants", content=sheet, headers=headers)
    assert answer.json()["error"] == "Encoding not recognised"
    assert "gbk" in {each["encoding"] for each in answer.json()["details"]}


def test_every_invalid_field_is_told_and_nothing_is_imported(api: Api) -> None:
    bad = [row(1), row(2, imageUrl="http://x.example.com/a.png"), {"variantId": "x"}]
    answer = api.put("/api/variants", json=bad)
    assert details(answer)[0] == ("imageUrl", 2)
    assert [row for _, row in details(answer)] == [2, 3, 3, 3, 3]
    assert api.get("/api/variants").json() == {"items": [], "nextCursor": None}


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"{}", "application/json", 422),
        (b"[", "application/json", 400),
        (b"[NaN]", "application/json", 400),
        (b'[{"variantTitle": "\\ud800"}]', "application/json", 400),
        (b"[]", "application/json", 400),
        (b"", "text/csv", 400),
        (b"a,b\n1,2\n", "text/csv", 400),
        (b"[]", "application/xml", 415),
    ],
)
def test_what_is_no_catalog_is_refused(api: Api, content: bytes, kind: str, status: int) -> None:
    answer = api.put("/api/variants", content=content, headers={"content-type": kind})
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")


def test_the_catalog_is_grouped_by_product(api: Api) -> None:
    api.put("/api/variants", json=[row(1, productId=20, productTitle="Chair"), row(2), row(3)])
    listed = answers.ProductList.model_validate(api.get("/api/variants").json())
    assert [(p.product_id, [v.variant_id for v in p.variants]) for p in listed.items] == [
        (10, [2, 3]),
        (20, [1]),
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("size%202", [2]),
        ("SIZE", [1, 2]),
        ("gr%C3%96%C3%9Fe", [3]),
        ("shirt", [1, 2, 3]),
        ("x", []),
    ],
)
def test_the_catalog_is_searched_in_any_capitals(api: Api, words: str, found: list[int]) -> None:
    api.put("/api/variants", json=[row(1), row(2), row(3, variantTitle="Größe 3")])
    items = api.get(f"/api/variants?q={words}").json()["items"]
    assert [v["variantId"] for product in items for v in product["variants"]] == found


def test_the_catalog_is_read_in_pages_of_variants(api: Api) -> None:
    api.put("/api/variants", json=[row(n) for n in range(1, 6)])
    seen, cursor = [], ""
    while cursor is not None:
        page = api.get(f"/api/variants?limit=2&cursor={cursor}").json()
        seen.append([v["variantId"] for product in page["items"] for v in product["variants"]])
        cursor = page["nextCursor"]
    assert seen == [[1, 2], [3, 4], [5]]


def test_a_catalog_is_its_owners_alone(shop: Api) -> None:
    bob = shop.as_owner("bob")
    assert bob.get("/api/variants").json()["items"] == []
    assert details(submit(bob, (1, [PUBLIC]))) == [("variants.0.variantId", 1)]


# --- the settings ---------------------------------------------------------------------------------


def test_settings_forms_are_json_schema(api: Api) -> None:
    listed = answers.SchemaList.model_validate(api.get("/api/schemas").json())
    assert [schema.key for schema in listed.items] == ["product-shot"]
    form = api.get("/api/schemas/product-shot").json()
    assert form["properties"]["purpose"]["enum"] == [
        "catalog", "lifestyle", "social", "advertising",
    ]  # fmt: skip
    assert api.get("/api/schemas/portrait").status == 404


# --- submitting -----------------------------------------------------------------------------------


def test_dry_run_shows_prompts_credits_and_input(shop: Api, upload: str) -> None:
    settings = {"purpose": "social", "moodboard_id": 7}
    answer = submit(
        shop, (1, [PUBLIC, upload]), (2, [PUBLIC]), variations=2, dryRun=True,
        settings={"input": settings},
    )  # fmt: skip
    assert answer.status == 200
    found = answers.VariantPreview.model_validate(answer.json())
    assert (found.total, found.credits, found.mode.value) == (4, 4, "development")
    assert answer.json()["estimatedCost"] == "0.14"
    assert found.items[0].input == {**settings, "product_images": [PUBLIC, upload]}
    assert found.items[2].input == {**settings, "product_images": [PUBLIC]}
    assert "social media" in found.items[0].prompt
    assert shop.get("/api/batches").json()["items"] == []


@pytest.mark.slow
def test_a_batch_of_variants_is_taken_with_its_folders(shop: Api) -> None:
    answer = submit(shop, (2, [PUBLIC]), (1, [PUBLIC]), variations=2, name="Spring")
    assert answer.status == 202
    taken = answers.VariantBatchAccepted.model_validate(answer.json())
    assert answer.headers["location"] == f"https://api.test/api/batches/{taken.batch_id}"
    assert (taken.kind.value, taken.status.value, taken.credits) == ("variants", "queued", 4)
    assert [(v.variant_id, v.name, v.total, v.done) for v in taken.variants] == [
        (2, "Linen shirt Size 2", 2, 0),
        (1, "Linen shirt Size 1", 2, 0),
    ]
    for folder_id in (taken.folder_id, *(v.folder_id for v in taken.variants)):
        assert shop.get(f"/api/folders/{folder_id}").status == 200


def test_all_variant_problems_are_listed_together(shop: Api) -> None:
    answer = submit(
        shop, (1, []), (2, [PUBLIC] * 5), (9, [PUBLIC]), (3, ["http://x.example.com/a.png"])
    )
    assert details(answer) == [
        ("variants.0.productImageUrls", 1),
        ("variants.1.productImageUrls", 2),
        ("variants.2.variantId", 9),
        ("variants.3.productImageUrls.0", 3),
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"variants": []},
        {"variants": [{"variantId": n, "productImageUrls": [PUBLIC]} for n in range(1, 102)]},
        {"variants": [{"variantId": "1", "productImageUrls": [PUBLIC]}]},
        {"variants": [{"productImageUrls": [PUBLIC]}]},
        {"variants": [{"variantId": 1, "productImageUrls": PUBLIC}]},
        {"settings": {"schemaKey": "product-shot", "numberOfVariations": 0}},
        {"settings": {"schemaKey": "product-shot", "numberOfVariations": 9}},
        {"settings": {"schemaKey": "product-shot", "input": []}},
        {"settings": {"schemaKey": "portrait"}},
        {"settings": None},
        {"callbackUrl": "http://example.com"},
        {"model": "google/imagen-3"},
        {"model": "nobody/nothing"},
    ],
)
def test_a_request_that_is_not_valid_is_422(shop: Api, change: dict[str, Any]) -> None:
    answer = shop.post("/api/batches", json=request() | change)
    assert answer.status == 422, answer.body
    assert shop.get("/api/batches").json()["items"] == []


def test_a_cap_below_the_estimate_is_402(shop: Api) -> None:
    assert submit(shop, variations=2, maxCost="0.05").status == 402


@pytest.mark.slow
def test_one_key_creates_one_batch_whatever_the_signatures(
    shop: Api, services: Deployment, upload: str
) -> None:
    key = {"idempotency-key": "k1"}
    first = submit(shop, (1, [upload]), headers=key)
    again = services.media.url(services.media.key_of(upload) or "", seconds=60)
    assert again != upload
    second = submit(shop, (1, [again]), headers=key)
    assert (first.status, second.status) == (202, 202)
    assert first.json() == second.json()
    assert submit(shop, (1, [PUBLIC]), headers=key).status == 422
    assert len(shop.get("/api/batches").json()["items"]) == 1


@pytest.mark.slow
def test_another_owners_objects_are_no_images_to_start_from(
    shop: Api, services: Deployment, upload: str
) -> None:
    batch_id = submit(shop, (1, [PUBLIC])).json()["jobId"]
    make(services, batch_id)
    [made] = shop.get(f"/api/folders/{batch_id}").json()["items"]
    bob = shop.as_owner("bob")
    bob.put("/api/variants", json=[row(1)])
    answer = submit(bob, (1, [upload, made["url"], PUBLIC]))
    assert details(answer) == [
        ("variants.0.productImageUrls.0", 1),
        ("variants.0.productImageUrls.1", 1),
    ]
    assert "X-Amz-Signature" not in answer.body


# --- what was made --------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_batch_shows_what_each_variant_has(shop: Api, services: Deployment) -> None:
    batch_id = submit(shop, (2, [PUBLIC]), (1, [PUBLIC]), variations=2).json()["jobId"]
    make(services, batch_id, failed=1)
    found = answers.FullBatch.model_validate(shop.get(f"/api/batches/{batch_id}").json())
    assert [(v.variant_id, v.total, v.done, v.failed) for v in found.variants] == [
        (2, 2, 2, 0),
        (1, 2, 1, 1),
    ]
    [image] = found.variants[1].images
    assert image.id == f"{batch_id}.0002"
    assert f"library/{batch_id}/000002-" in image.url


@pytest.mark.slow
def test_input_can_be_submitted_again(shop: Api, upload: str) -> None:
    wish = {"custom_instructions": ["s3:uploads/somebody", "no hats"], "model_image_url": upload}
    sent = {"settings": {"input": wish}, "variations": 2}
    first = submit(shop, (2, [PUBLIC, upload]), **sent)
    assert first.status == 202, first.body
    told = shop.get(f"/api/batches/{first.json()['jobId']}/input").json()["items"]

    own = shop.services.media.key_of(upload) or ""
    assert [one["variantId"] for one in told] == [2, 2]
    assert [one["uploadId"] for one in told[0]["images"]] == [None, own.removeprefix("uploads/")]
    chosen = dict(told[0]["settings"])
    images = chosen.pop("product_images")
    assert images == [each["url"] for each in told[0]["images"]]
    assert chosen["custom_instructions"] == wish["custom_instructions"]
    assert shop.services.media.key_of(chosen["model_image_url"]) == own
    assert submit(shop, (2, images), settings={"input": chosen}, variations=2).status == 202


@pytest.mark.slow
def test_an_image_is_in_both_folders_under_one_id(shop: Api, services: Deployment) -> None:
    batch_id = submit(shop, (1, [PUBLIC]), (2, [PUBLIC]), name="Spring").json()["jobId"]
    make(services, batch_id)
    shared = answers.FolderAnswer.model_validate(shop.get(f"/api/folders/{batch_id}").json())
    own = answers.FolderAnswer.model_validate(shop.get(f"/api/folders/{batch_id}.2").json())
    assert (shared.name, shared.variant_id, len(shared.items)) == ("Spring", None, 2)
    assert (own.name, own.variant_id) == ("Spring / Linen shirt Size 2", 2)
    assert own.items[0].id == shared.items[1].id
    assert own.items[0].file == "Linen_shirt_Size_2-1.png"


@pytest.mark.slow
def test_every_list_shows_thumbnails_beside_the_images(shop: Api, services: Deployment) -> None:
    batch_id = submit(shop, (1, [PUBLIC]), variations=2).json()["jobId"]
    make(services, batch_id)  # only the first image has a thumbnail
    ask = {"variantIds": [1]}
    candidates = shop.post("/api/batches/image-candidates", json=ask).json()["variants"][0]
    status = shop.get(f"/api/v1/batch/{batch_id}/status").json()["items"]
    seen = [
        shop.get(f"/api/folders/{batch_id}").json()["items"],
        shop.get("/api/variants/1/folders").json()["items"][0]["items"],
        shop.get(f"/api/batches/{batch_id}").json()["variants"][0]["images"],
        candidates["generatedImages"][::-1],
        [{"url": each["url"], "thumbnailUrl": each["thumbnail_url"]} for each in status],
    ]
    for first, second in seen:
        image = services.media.key_of(first["url"])
        assert services.media.key_of(first["thumbnailUrl"]) == thumbnail_key(image or "")
        assert services.media.key_of(second["thumbnailUrl"]) == services.media.key_of(second["url"])
        assert "X-Amz-Signature" in first["thumbnailUrl"]


@pytest.mark.slow
def test_a_variants_folders_are_listed_newest_first(shop: Api, services: Deployment) -> None:
    ids = [submit(shop, (1, [PUBLIC]), name=name).json()["jobId"] for name in ("one", "two")]
    make(services, ids[0])
    listed = answers.FolderList.model_validate(shop.get("/api/variants/1/folders").json())
    assert {folder.batch_id for folder in listed.items} == set(ids)
    assert [len(f.items) for f in listed.items if f.batch_id == ids[0]] == [1]
    assert shop.get("/api/variants/3/folders").json() == {"items": [], "nextCursor": None}


@pytest.mark.parametrize(
    "path",
    [
        "/api/variants/9/folders",
        "/api/variants/x/folders",
        "/api/variants/99999999999999999999/folders",
        "/api/folders/nobodys",
        "/api/folders/nobodys.1",
        "/api/batches/nobodys",
        "/api/schemas/nobodys",
    ],
)
def test_what_nobody_has_is_404(shop: Api, path: str) -> None:
    answer = shop.get(path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


@pytest.mark.slow
def test_another_owners_batch_and_folders_are_the_same_404(shop: Api) -> None:
    batch_id = submit(shop).json()["jobId"]
    bob = shop.as_owner("bob")
    for path in (f"/api/folders/{batch_id}", f"/api/folders/{batch_id}.1"):
        assert bob.get(path).json() == bob.get("/api/folders/nobodys").json()
    assert bob.get(f"/api/batches/{batch_id}").json() == bob.get("/api/batches/x").json()
    assert bob.get("/api/variants/1/folders").status == 404


@pytest.mark.slow
def test_batches_of_every_kind_are_listed_with_their_folder(shop: Api) -> None:
    cars = shop.post("/api/car-batch", content=b"make\nBMW\n", headers={"content-type": "text/csv"})
    variants = submit(shop)
    listed = answers.BatchList.model_validate(shop.get("/api/batches").json())
    assert {b.batch_id for b in listed.items} == {cars.json()["jobId"], variants.json()["jobId"]}
    assert all(batch.folder_id == batch.batch_id for batch in listed.items)
    [only] = shop.get("/api/batches?kind=variants&status=queued").json()["items"]
    assert only["jobId"] == variants.json()["jobId"]
    full = shop.get(f"/api/batches/{cars.json()['jobId']}").json()
    assert answers.FullBatch.model_validate(full).variants == []


def end(services: Deployment, batch_id: str) -> None:
    """As a round ends, whatever its counts say."""
    batch = services.records.batch("local", batch_id)
    archive = Archive(keys.archive(batch_id, batch.round, 1), 1, 1)
    archiving = change_batch(batch, status=BatchStatus.ARCHIVING)
    ended = publish(archiving, archive, services.clock.now(), services.settings.archive_ttl)
    services.store.commit(ended)


@pytest.mark.slow
def test_finished_variant_batch_is_retried_by_same_route(shop: Api, services: Deployment) -> None:
    batch_id = submit(shop, variations=2).json()["jobId"]
    make(services, batch_id, failed=1)
    end(services, batch_id)
    answer = shop.post(f"/api/batches/{batch_id}/retry")
    assert (answer.status, answer.json()["round"], answer.json()["pending"]) == (202, 2, 1)


@pytest.mark.slow
def test_a_retry_under_one_key_opens_one_round(shop: Api, services: Deployment) -> None:
    def retry(batch_id: str, key: str) -> Any:
        path = f"/api/batches/{batch_id}/retry"
        return shop.post(path, headers={"Idempotency-Key": key})

    one, other = (submit(shop, variations=2).json()["jobId"] for _ in range(2))
    assert retry(one, "k").status == 409
    make(services, one, failed=1)
    end(services, one)
    first = retry(one, "k")
    assert (first.status, first.json()["round"]) == (202, 2)
    assert retry(one, "k").json() == first.json()
    assert retry(one, "l").status == 409
    assert retry(other, "k").status == 422
    assert retry(one, "x" * 256).status == 400
    again = services.store.get_item("local", one, 1)
    assert again is not None
    settle(services, "local", one, again, succeeds=False)
    end(services, one)
    assert retry(one, "k").json()["round"] == 2
    assert retry(one, "m").json()["round"] == 3


# --- candidates -----------------------------------------------------------------------------------


@pytest.mark.slow
def test_candidates_are_signed_images_and_uploads(
    shop: Api, services: Deployment, upload: str
) -> None:
    batch_id = submit(shop, (1, [PUBLIC]), variations=2).json()["jobId"]
    make(services, batch_id)
    answer = shop.post("/api/batches/image-candidates", json={"variantIds": [2, 1, 2]})
    assert answer.status == 200
    found = answers.CandidatesAnswer.model_validate(answer.json())
    assert [(v.variant_id, len(v.generated_images)) for v in found.variants] == [(2, 0), (1, 2)]
    assert found.variants[0].variant_image_url == PUBLIC
    assert found.uploads[0].original_name == "front.png"
    assert services.media.key_of(found.uploads[0].url) == services.media.key_of(upload)
    again = submit(shop, (2, [found.variants[1].generated_images[0].url]))
    assert again.status == 202


@pytest.mark.parametrize(
    "ids", [[], list(range(1, 102)), ["1"], [0], None, "1", [1.5], [True], [2**53]]
)
def test_candidates_are_asked_for_with_1_to_100_ids(shop: Api, ids: Any) -> None:
    assert shop.post("/api/batches/image-candidates", json={"variantIds": ids}).status == 422


def test_candidates_of_an_unknown_variant_name_it(shop: Api) -> None:
    answer = shop.post("/api/batches/image-candidates", json={"variantIds": [1, 9]})
    assert details(answer) == [("variantIds.1", 9)]


def test_candidates_cost_one_query_for_each_variant(shop: Api, services: Deployment) -> None:
    asked: list[str] = []
    events = services.clients.dynamodb.meta.events
    events.register("before-call.dynamodb", lambda model, **_: asked.append(model.name))
    shop.post("/api/batches/image-candidates", json={"variantIds": [1, 2, 3]})
    assert asked.count("Query") == 3 + 1
    assert len(asked) <= 3 + 3


def test_a_long_answer_is_packed_or_refused(shop: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_RESPONSE_BYTES < 6_000_000
    monkeypatch.setattr("imagebatch.api.response.MAX_RESPONSE_BYTES", 400)
    monkeypatch.setattr("imagebatch.api.response.MIN_COMPRESSED_BYTES", 0)
    ask: dict[str, Any] = {"json": {"variantIds": [1, 2, 3]}}
    plain = shop.post("/api/batches/image-candidates", headers={"accept-encoding": "br"}, **ask)
    assert (plain.status, plain.json()["error"]) == (406, "The answer is too large")
    packed = shop.post("/api/batches/image-candidates", headers={"accept-encoding": "gzip"}, **ask)
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.json()["variants"]) == 3
