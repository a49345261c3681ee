"""Sheets as people have them: repaired on the page, priced, started."""

import io
import re
from collections.abc import Iterable

import openpyxl
from playwright.sync_api import Locator, Page, Request, Response, expect

from testing.fake_providers import FakeProviders
from tests.browser.steps import (
    Shot,
    assert_sound,
    cars,
    finished,
    images,
    seen_first_on,
    sheet,
    start,
)
from tests.browser.test_prompts import SMALL, picture

GERMAN = """make;model;body style;trim;year;colour;background;aspect ratio
VW;Käfer;Limousine;Sparkäfer;1972;Florentinerblau;whit;1:1
BMW;Isetta;Kleinwagen;Größe L;1957;Weiß/Grün;hubb;16:9
Audi;Urquattro;Coupé;Süd;1983;Tornadorot;white;16:10
"""
CSV, XLSX = "text/csv", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


UPLOAD = "POST", "/api/uploads"


def give(page: Page, name: str, body: bytes, kind: str = CSV) -> None:
    page.locator(".drop input[type=file]").set_input_files(
        [{"name": name, "mimeType": kind, "buffer": body}]
    )


def cell(page: Page, row: int, column: str) -> Locator:
    return page.get_by_role("textbox", name=f"Row {row}, {column}", exact=True)


FURNITURE = (
    ["Farbe", "Möbel", "Aspect Ratio"],
    ["rot", "Stuhl", "9:15"],
    ["blau", "Sessel", "1:1"],
)


def workbook(rows: Iterable[list[str]] = FURNITURE, error: str = "") -> bytes:
    """With an error in the cell of that name."""
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet is not None
    for row in rows:
        sheet.append(row)
    if error:
        sheet[error].data_type = "e"
    body = io.BytesIO()
    made.save(body)
    return body.getvalue()


@seen_first_on("phone-dark")
def test_a_german_export_is_repaired_priced_and_started(
    screen: Page, provider: FakeProviders, shot: Shot
) -> None:
    page = screen
    priced: list[Response] = []
    page.on("response", lambda one: priced.append(one) if "car-batch" in one.url else None)
    page.goto("/csv")
    give(page, "Frühling.csv", GERMAN.replace("\n", "\r\n").encode("cp1252"))
    expect(page.get_by_role("heading", name="3 cells to correct")).to_be_visible()
    expect(cell(page, 4, "aspect ratio")).to_have_attribute("aria-invalid", "true")
    button = page.get_by_role("button", name="Start Batch")
    expect(button).to_be_disabled()
    expect(button).to_be_in_viewport()
    assert_sound(page)
    shot(page, "typos")

    page.get_by_role("button", name="Apply all 3 suggestions").click()
    expect(cell(page, 4, "aspect ratio")).to_have_value("16:9")
    expect(page.get_by_test_id("images")).to_have_text("3")
    expect(page.get_by_test_id("price")).to_have_text("$0.101")
    expect(page.get_by_text("VW-Käfer-1972-Limousine-Sparkäfer-white.png")).to_be_visible()
    asked = len(priced)
    page.get_by_label("Spend at most").fill("0,05")
    expect(page.get_by_text("The estimate of $0.101 is over this cap.")).to_be_visible()
    page.get_by_label("Spend at most").fill("1,50")
    expect(button).to_be_enabled()
    assert len(priced) == asked
    page.reload()
    expect(page.get_by_label("Spend at most")).to_have_value("1,50")
    expect(cell(page, 2, "background")).to_have_value("white")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the corrected sheet").click()
    assert "VW;Käfer" in download.value.path().read_text("utf-8-sig")
    assert_sound(page)
    shot(page, "repaired")
    start(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Frühling")
    finished(page)
    expect(images(page)).to_have_count(3)
    assert any("Florentinerblau" in one.input["prompt"] for one in provider.creates("Käfer"))


@seen_first_on("desktop-light")
def test_a_workbook_becomes_images_with_a_template(
    screen: Page, provider: FakeProviders, shot: Shot
) -> None:
    page = screen
    page.goto("/sheets")
    give(page, "Möbel.xlsx", workbook(), XLSX)
    prompt = page.get_by_label("Prompt for every row")
    prompt.fill("A piece of furniture, ")
    for column in ("Möbel", "Farbe"):
        page.get_by_role("button", name=column, exact=True).click()
        prompt.press_sequentially(" in ")
    prompt.fill("A piece of furniture, {{möbel}} in {{farbe}}")
    page.get_by_role("button", name="Apply the suggestion").click()
    expect(cell(page, 2, "Aspect Ratio")).to_have_value("9:16")
    expect(page.get_by_text("A piece of furniture, Stuhl in rot").first).to_be_visible()
    page.get_by_text("File names, ratio, rules for columns").click()
    page.get_by_label("File name").fill("{{möbel}}-{{farbe}}")
    expect(page.get_by_text("Save the template to apply its file names")).to_be_visible()
    name = f"furniture-{page.evaluate('innerWidth')}"
    page.get_by_label("Save as").fill(name)
    page.get_by_role("button", name="Save template").click()
    expect(page.get_by_text("Sessel-blau.png")).to_be_visible()
    expect(page.get_by_test_id("price")).to_have_text("$0.067")
    assert_sound(page)
    shot(page, "template")
    start(page)
    finished(page)
    expect(images(page)).to_have_count(2)
    assert provider.creates("Sessel in blau")

    page.get_by_label(re.compile("^More for ")).click()
    page.get_by_role("button", name="Run again with changes").click()
    expect(page.get_by_role("combobox", name="Template")).to_have_value(name)
    expect(cell(page, 2, "Aspect Ratio")).to_have_value("9:16")
    expect(page.get_by_text("Sessel-blau.png")).to_be_visible()
    expect(page.get_by_test_id("price")).to_have_text("$0.067")


def test_columns_that_are_not_known_are_mapped(page: Page, expected: list[str]) -> None:
    expected.append("status of 400")
    page.goto("/csv")
    give(page, "autos.csv", b"Marke;Modell;Farbe\r\nVW;Golf;rot\r\n")
    expect(page.get_by_text("Which column is which?")).to_be_visible()
    expect(page.get_by_label("Farbe")).to_have_value("color")
    assert_sound(page)
    page.get_by_role("button", name="Use these columns").click()
    expect(page.get_by_text("VW-Golf-white.png")).to_be_visible()
    page.go_back()
    expect(page.get_by_text("Which column is which?")).to_be_visible()


def test_workbook_error_stays_until_the_cell_is_edited(page: Page) -> None:
    rows = [["make", "model", "color"], ["VW", "Golf", "red"], ["VW", "Polo", "#REF!"]]
    page.goto("/csv")
    give(page, "autos.xlsx", workbook(rows, error="C3"), XLSX)
    fault = page.get_by_text("“#REF!” is an error of the workbook.")
    expect(fault).to_be_visible()
    cell(page, 2, "model").fill("Golf GTI")
    cell(page, 2, "model").press("Enter")
    expect(page.get_by_text("autos-corrected.csv")).to_be_visible()
    expect(page.get_by_text("VW-Golf_GTI-white.png")).to_be_visible()
    expect(fault).to_be_visible()
    expect(page.get_by_role("button", name="Start Batch")).to_be_disabled()
    cell(page, 3, "color").fill("green")
    cell(page, 3, "color").press("Enter")
    expect(fault).to_have_count(0)
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()


def test_further_correction_reads_no_rows_and_keeps_no_copy(page: Page) -> None:
    asked: list[Request] = []
    page.on("request", lambda one: asked.append(one) if "/api/" in one.url else None)
    page.goto("/csv")
    give(page, "long.csv", sheet(*cars(40)).encode())
    for row, model in ((2, "Ka"), (3, "Focus"), (4, "Puma")):
        expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()
        cell(page, row, "model").fill(model)
        cell(page, row, "model").press("Enter")
        expect(page.get_by_text(f"Ford-{model}-2024-white.png")).to_be_visible()
    expect(page.get_by_test_id("images")).to_have_text("40")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the corrected sheet").click()
    assert "Ford,Model 40" in download.value.path().read_text("utf-8-sig")

    copies = [one.headers for one in asked if (one.method, one.url[-12:]) == UPLOAD][1:]
    assert len(copies) == 3
    read = [one.post_data or "" for one in asked if one.url.endswith("/api/car-batch")]
    assert sum("cursor" in text for text in read) == 1
    dropped = [one.url.rsplit("/", 1)[1] for one in asked if one.method == "DELETE"]
    assert len(dropped) == len(set(dropped)) == 2
    assert page.url.partition("sheet=")[2][:32] not in dropped


def test_images_that_a_sheet_names_are_uploaded_beside_it(page: Page) -> None:
    page.goto("/csv")
    give(page, "cars.csv", b"make,reference\r\nVW,front of the vw.png\r\n")
    expect(page.get_by_role("heading", name="1 cell to correct")).to_be_visible()
    page.get_by_label("Upload the images that the sheet names").set_input_files(
        [{"name": "front of the vw.png", "mimeType": "image/png", "buffer": picture(SMALL)}]
    )
    expect(page.get_by_text("VW-white.png")).to_be_visible()
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()


def test_a_person_chooses_the_encoding_by_its_sample(page: Page, expected: list[str]) -> None:
    expected.append("status of 400")
    page.goto("/csv")
    give(page, "cars.csv", "make,color\r\nFord,gr\xfcn\r\n".encode("latin-1"))
    page.get_by_label("Ford,grün").check()
    assert_sound(page)
    page.get_by_role("button", name="Use this encoding").click()
    expect(cell(page, 2, "color")).to_have_value("grün")


def test_cells_copied_from_a_spreadsheet_are_pasted(page: Page) -> None:
    page.goto("/csv")
    expect(page.get_by_text("Cells copied from a spreadsheet")).to_be_visible()
    page.evaluate(
        """() => {
          const clipboardData = new DataTransfer();
          clipboardData.setData("text/plain", "make\\tmodel\\nFord\\tKa\\n");
          document.body.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true}));
        }"""
    )
    model = cell(page, 2, "model")
    expect(model).to_have_value("Ka")
    model.fill("Fiesta")
    model.press("Enter")
    expect(page.get_by_text("Ford-Fiesta-white.png")).to_be_visible()


def test_a_dear_batch_is_asked_about_once_more(live_page: Page) -> None:
    page = live_page
    budget = {"month": "2026-11", "limit": "100.00", "spent": "88.00", "reserved": "1.00"}
    page.route("**/api/budget", lambda route: route.fulfill(json={**budget, "left": "11.00"}))
    page.goto("/csv")
    give(page, "dear.csv", sheet(*cars(50)).encode())
    page.get_by_role("combobox", name="Model").select_option("google/nano-banana-pro")
    page.get_by_label("Ultra").check()
    expect(page.get_by_test_id("price")).to_have_text("$12.00")
    left = page.get_by_text("$11.00 of $100.00 left this month: less than this batch can cost.")
    expect(left).to_be_visible()
    page.get_by_role("button", name="Start Batch").click()
    dialog = page.get_by_role("dialog", name="Spend about $12.00?")
    expect(dialog.get_by_role("button", name="Start 50 images")).to_be_visible()
    assert_sound(page)
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()
