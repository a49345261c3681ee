from typing import Any

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain.errors import InvalidRequestError
from imagebatch.intake.catalog_import import import_csv, import_list
from testing.variants import a_variant

HEADER = "variantId,variantTitle,productId,productTitle,imageUrl\n"
ROW = {
    "variantId": 1,
    "variantTitle": "Blue",
    "productId": 10,
    "productTitle": "Chair",
    "imageUrl": "https://shop.example.com/1.jpg",
}
VARIANT = a_variant(1, title="Blue", product_title="Chair")


def refused(*rows: Any) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        import_list(list(rows))
    return caught.value


def test_a_list_becomes_variants() -> None:
    assert import_list([ROW]).variants == (VARIANT,)


def test_a_sheet_becomes_the_same_variants_as_a_list() -> None:
    sheet = HEADER + "1,Blue,10,Chair,https://shop.example.com/1.jpg\n"
    assert import_csv(sheet.encode()).variants == (VARIANT,)


def test_a_spreadsheets_own_sheet_is_read_in_any_capitals() -> None:
    sheet = "VARIANTID;varianttitle;ProductId;productTitle;Farbe\r\n1;Größe M;10;Stuhl;rot\r\n"
    found = import_csv(sheet.encode("utf-16"))
    assert [(v.title, v.image_url) for v in found.variants] == [("Größe M", None)]
    assert found.warnings == ("Unknown columns are ignored: Farbe.",)


@pytest.mark.parametrize("empty", [{"imageUrl": ""}, {"imageUrl": None}, {"imageUrl": "  "}])
def test_a_variant_may_have_no_image(empty: dict[str, Any]) -> None:
    assert import_list([ROW | empty]).variants[0].image_url is None


def test_id_may_be_a_whole_json_float() -> None:
    assert import_list([ROW | {"variantId": 7.0}]).variants[0].id == 7


def test_an_id_may_be_a_text_of_digits() -> None:
    assert import_list([ROW | {"variantId": " 9007199254740991 "}]).variants[0].id == 2**53 - 1


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("variantId", None),
        ("variantId", "abc"),
        ("variantId", "1.5"),
        ("variantId", 1.5),
        ("variantId", True),
        ("variantId", 0),
        ("variantId", -1),
        ("variantId", 2**53),
        ("variantId", "٣"),
        ("productId", ""),
        ("variantTitle", ""),
        ("variantTitle", 5),
        ("productTitle", "x" * 201),
        ("imageUrl", "http://shop.example.com/1.jpg"),
        ("imageUrl", "https://localhost/1.jpg"),
        ("imageUrl", "https://10.0.0.1/1.jpg"),
        ("imageUrl", "data:image/png;base64,AAAA"),
        ("imageUrl", 5),
    ],
)
def test_an_invalid_field_is_named_with_its_row(field: str, value: Any) -> None:
    error = refused(ROW | {"variantId": 7}, ROW | {field: value})
    assert (status_of(error), error.error) == (422, "Invalid variants")
    assert [(d["row"], d["column"]) for d in error.details] == [(2, field)]


def test_every_invalid_field_of_every_row_is_listed() -> None:
    error = refused({"variantId": "x", "imageUrl": "ftp://x"}, ROW, "nonsense", ROW)
    assert [(d["row"], d["column"]) for d in error.details] == [
        (1, "variantId"),
        (1, "productId"),
        (1, "variantTitle"),
        (1, "productTitle"),
        (1, "imageUrl"),
        (3, ""),
        (4, "variantId"),
    ]
    assert error.details[-1]["message"] == "is already the variantId of row 2"


def test_sheet_rows_have_spreadsheet_numbers() -> None:
    with pytest.raises(InvalidRequestError) as caught:
        import_csv((HEADER + "1,A,10,B,\n\nx,A,10,B,\n").encode())
    assert [d["row"] for d in caught.value.details] == [4]


def test_import_accepts_at_most_a_thousand_variants() -> None:
    rows = [ROW | {"variantId": n} for n in range(1, 1002)]
    assert len(import_list(rows[:1000]).variants) == 1000
    assert refused(*rows).error == "Row limit exceeded (max 1000)"
    sheet = HEADER + "".join(f"{n},A,10,B,\n" for n in range(1, 1002))
    with pytest.raises(InvalidRequestError, match="Row limit exceeded"):
        import_csv(sheet.encode())


@pytest.mark.parametrize("body", [{}, "text", 5, None])
def test_what_is_no_list_is_refused(body: Any) -> None:
    with pytest.raises(InvalidRequestError, match="must be a JSON list"):
        import_list(body)


def test_an_import_of_nothing_is_refused() -> None:
    assert refused().error == "No data rows found"


def test_a_subject_says_the_product_once() -> None:
    assert a_variant(title="Linen shirt / White").subject == "Linen shirt / White"
    assert a_variant(title="White / M").subject == "Linen shirt White / M"
