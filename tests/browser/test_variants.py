"""From a catalog to images of its variants, and where they are found again."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from testing.fake_providers import FakeProviders
from tests.browser.steps import (
    Shot,
    assert_sound,
    assert_still,
    finished,
    images,
    seen_first_on,
    start,
)
from tests.browser.test_prompts import SMALL, picture

CATALOG = """variantId,variantTitle,productId,productTitle,imageUrl
1001,Linen / White,10,Linen shirt,https://cdn.example.com/white.jpg
1002,Linen / Sand,10,Linen shirt,https://cdn.example.com/sand.jpg
2001,Tote / Natural,20,Canvas tote,
"""


@pytest.fixture
def catalog(live_page: Page) -> Page:
    """The wizard's first step with the catalog imported."""
    return imported(live_page)


def serve_images(page: Page) -> None:
    page.context.route(
        "https://cdn.example.com/**",
        lambda route: route.fulfill(content_type="image/png", body=picture(SMALL)),
    )


def imported(page: Page) -> Page:
    """Where the hosts of the catalog's images answer."""
    serve_images(page)
    page.goto("/variants")
    file = {"name": "catalog.csv", "mimeType": "text/csv", "buffer": CATALOG.encode()}
    page.locator(".drop input[type=file]").set_input_files([file])
    expect(page.get_by_text("catalog.csv is imported.")).to_be_visible()
    expect(page.locator(".card")).to_have_count(3)
    return page


def pick(page: Page, *titles: str) -> None:
    for title in titles:
        page.locator(".card").filter(has_text=title).get_by_role("checkbox").check()


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Next").click()


def tab(page: Page, name: str) -> Locator:
    page.get_by_role("tab", name=name, exact=True).click()
    return page.get_by_role("tabpanel", name=name, exact=True)


def upload_new(page: Page, name: str) -> None:
    chosen = page.get_by_text(re.compile(r"\d of 4 chosen"))
    before = int((chosen.text_content() or "0")[0])
    file = {"name": name, "mimeType": "image/png", "buffer": picture(SMALL)}
    tab(page, "Upload new").locator("input[type=file]").set_input_files([file])
    expect(chosen).to_have_text(f"{before + 1} of 4 chosen")


def variant(page: Page, title: str) -> None:
    """Turns to a variant in the second step."""
    page.get_by_role("list", name="Variants").get_by_text(title).click()


def select_two_variants(page: Page) -> None:
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    expect(page.get_by_text("Select at least one variant.")).to_be_visible()
    page.get_by_label("Search products and variants").fill("tote")
    expect(page.locator(".card")).to_have_count(1)
    page.get_by_label("Search products and variants").fill("")
    pick(page, "Linen / White", "Tote / Natural")
    go_on(page)


def choose_four_images_for_each(page: Page) -> None:
    expect(page.get_by_text("Tote / Natural needs 1 to 4 images.")).to_be_visible()
    expect(page.get_by_role("button", name="Next")).to_be_disabled()
    expect(tab(page, "Variant").get_by_role("checkbox")).to_be_checked()
    variant(page, "Tote / Natural")
    expect(page.get_by_text("This variant has no image of its own.")).to_be_visible()
    for number in range(4):
        upload_new(page, f"tote-{number}.png")
    first = tab(page, "Uploads").get_by_role("checkbox", name="tote-0.png").first
    first.uncheck()
    expect(page.get_by_text("3 of 4 chosen")).to_be_visible()
    first.check()
    variant(page, "Linen / White")
    others = tab(page, "Uploads").get_by_role("checkbox")
    for number in range(3):
        others.nth(number).check()
    expect(others.nth(3)).to_be_disabled()


def fill_in_the_settings(page: Page) -> None:
    page.get_by_label("Images per variant").fill("2")
    page.get_by_label("Purpose").select_option("lifestyle")
    page.get_by_label("Instructions").fill("soft light\nno people")
    expect(page.get_by_label(re.compile("product.images", re.IGNORECASE))).to_have_count(0)


def review(page: Page) -> None:
    chosen = page.get_by_role("list", name="Variants and their images")
    expect(chosen.get_by_role("listitem")).to_have_count(2)
    expect(chosen.locator("img")).to_have_count(8)
    expect(page.get_by_text("4 credits")).to_be_visible()
    expect(page.get_by_text(re.compile("2 variants . 2"))).to_be_visible()
    expect(page.get_by_test_id("images")).to_have_text("4")
    expect(page.get_by_test_id("price")).to_have_text("$0.134")
    expect(page.get_by_text("soft light; no people")).to_be_visible()
    page.get_by_label("Name").fill("Autumn")


@seen_first_on("phone-dark")
def test_a_catalog_becomes_images_in_four_steps(
    screen: Page, provider: FakeProviders, shot: Shot
) -> None:
    page = imported(screen)
    assert_sound(page)
    shot(page, "1-select")
    select_two_variants(page)
    choose_four_images_for_each(page)
    assert_sound(page)
    shot(page, "2-images")
    go_on(page)
    fill_in_the_settings(page)
    assert_sound(page)
    shot(page, "3-settings")
    go_on(page)
    review(page)
    assert_sound(page)
    shot(page, "4-review")
    start(page)
    finished(page)
    expect(images(page)).to_have_count(4)
    assert_still(page)
    shot(page, "5-batch")
    assert {len(one.input["image_input"]) for one in provider.creates("Tote")} == {4}
    run_again(page)


def run_again(page: Page) -> None:
    """The variants, their images and the settings are there, and are changed before a start."""
    page.get_by_label("More for Autumn").click()
    page.get_by_role("button", name="Run again with changes").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Images of your variants")
    expect(page.get_by_text("4 of 4 chosen")).to_be_visible()
    variant(page, "Tote / Natural")
    expect(page.get_by_role("heading", level=3)).to_have_text("Tote / Natural Canvas tote")
    expect(page.get_by_text("4 of 4 chosen")).to_be_visible()
    go_on(page)
    expect(page.get_by_label("Instructions")).to_have_value("soft light\nno people")
    page.get_by_label("Images per variant").fill("1")
    go_on(page)
    expect(page.get_by_test_id("price")).to_have_text("$0.067")
    expect(page.get_by_label("Name")).to_have_value("Autumn")
    page.get_by_role("button", name="Start Batch").click()
    finished(page)
    expect(images(page)).to_have_count(2)


def test_variant_image_is_found_in_folders_and_reused(catalog: Page, shot: Shot) -> None:
    page = catalog
    pick(page, "Tote / Natural")
    go_on(page)
    upload_new(page, "tote.png")
    go_on(page)
    go_on(page)
    page.get_by_label("Name").fill("Winter")
    start(page)
    finished(page)

    page.get_by_role("link", name="Shared folder").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Winter")
    expect(images(page)).to_have_count(1)
    assert_sound(page)
    page.go_back()
    page.get_by_role("link", name="Canvas tote Tote Natural", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Tote / Natural")
    folder = page.get_by_role("article", name="Winter").first
    expect(folder.locator(".tile img")).to_have_count(1)
    assert_sound(page)
    shot(page, "variant")

    page.get_by_role("link", name="The catalog").click()
    pick(page, "Tote / Natural")
    go_on(page)
    tab(page, "Generated").get_by_role("checkbox").first.check()
    expect(page.get_by_text("1 of 4 chosen")).to_be_visible()


def test_selected_product_survives_a_reload(
    catalog: Page,
) -> None:
    page = catalog
    product = page.get_by_role("checkbox", name="Linen shirt")
    product.check()
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.reload()
    expect(product).to_be_checked()
    pick(page, "Tote / Natural")
    page.locator(".card").filter(has_text="Linen / Sand").get_by_role("checkbox").uncheck()
    expect(product).to_have_js_property("indeterminate", True)
    expect(page.get_by_text("2 selected")).to_be_visible()


def test_the_tabs_are_walked_with_the_arrow_keys(catalog: Page) -> None:
    page = catalog
    pick(page, "Linen / Sand")
    go_on(page)
    page.get_by_role("tab", name="Variant").focus()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("tab", name="Generated")).to_be_focused()
    expect(page.get_by_text("No images for this variant yet.")).to_be_visible()
    page.keyboard.press("End")
    expect(page.get_by_role("tab", name="Upload new")).to_be_focused()


def test_invalid_catalog_is_rejected_with_a_message(live_page: Page, expected: list[str]) -> None:
    expected.append("status of 4")
    serve_images(live_page)  # those of a catalog that another test has imported
    live_page.goto("/variants")
    file = {"name": "catalog.csv", "mimeType": "text/csv", "buffer": b"colour\nred\n"}
    live_page.locator(".drop input[type=file]").set_input_files([file])
    expect(live_page.get_by_role("alert")).to_be_visible()
