"""Prompts with a reference image and a PDF."""

import io
import os
import re
import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from testing.fake_providers import FakeProviders
from tests.browser.steps import Shot, assert_sound, assert_still, finished, images, start

SMALL, LARGE = (320, 240), (1500, 1500)
"""The large one is over what fits into a request."""


def picture(size: tuple[int, int]) -> bytes:
    noise = Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3))
    body = io.BytesIO()
    noise.save(body, "PNG")
    return body.getvalue()


def attach(page: Page, number: int, body: bytes, name: str = "sketch.png") -> None:
    file = {"name": name, "mimeType": "image/png", "buffer": body}
    page.get_by_label(f"Image for prompt {number}").set_input_files([file])


def write(page: Page, *prompts: str) -> None:
    page.goto("/prompts")
    for number, prompt in enumerate(prompts, 1):
        if number > 1:
            page.get_by_role("button", name="Add a prompt").click()
            expect(page.get_by_label(f"Prompt {number}", exact=True)).to_be_focused()
        page.get_by_label(f"Prompt {number}", exact=True).fill(prompt)


SOAK = pytest.mark.soak


@pytest.mark.parametrize(
    ("screen", "size"),
    [
        pytest.param("desktop-light", SMALL, id="desktop-light-within-the-request"),
        pytest.param("phone-dark", LARGE, id="phone-dark-straight-to-the-bucket"),
        pytest.param("phone-dark", SMALL, id="phone-dark-within-the-request", marks=SOAK),
        pytest.param("desktop-light", LARGE, id="desktop-light-straight-to-the-bucket", marks=SOAK),
    ],
    indirect=["screen"],
)
def test_prompts_with_reference_image_give_images_and_pdf(
    screen: Page, provider: FakeProviders, shot: Shot, tmp_path: Path, size: tuple[int, int]
) -> None:
    page = screen
    known = len(provider.creates(str(size[0])))
    write(page, f"a red bicycle {size[0]}", f"a blue kettle {size[0]}")
    attach(page, 2, picture(size))
    expect(page.get_by_text("sketch.png")).to_be_visible()
    page.get_by_label("Aspect ratio of prompt 1").select_option("16:9")
    page.get_by_label("Include a PDF").check()
    expect(page.get_by_test_id("images")).to_have_text("2")
    expect(page.get_by_test_id("price")).to_have_text("$0.067")
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()
    assert_sound(page)
    shot(page, "written")
    start(page)
    link = finished(page)
    expect(images(page)).to_have_count(2)
    assert_still(page)
    shot(page, "finished")
    with page.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "prompts.zip")
    with zipfile.ZipFile(tmp_path / "prompts.zip") as archive:
        assert archive.read("pages.pdf").startswith(b"%PDF-")
    made = provider.creates(str(size[0]))[known:]
    sent = {bool(one.input.get("image_input")): one.input for one in made}
    assert sent[False]["aspect_ratio"] == "16:9"
    assert len(sent[True]["image_input"]) == 1

    page.get_by_label(re.compile("^More for ")).click()
    page.get_by_role("button", name="Run again with changes").click()
    expect(page.get_by_label("Prompt 2", exact=True)).to_have_value(f"a blue kettle {size[0]}")
    expect(page.get_by_role("button", name="Remove image of prompt 2")).to_be_visible()
    expect(page.get_by_test_id("price")).to_have_text("$0.067")


def test_non_image_file_is_rejected_with_a_message(page: Page, expected: list[str]) -> None:
    expected.append("status of 415")
    write(page, "a red bicycle")
    attach(page, 1, b"certainly not a picture", "fake.png")
    expect(page.get_by_role("alert")).to_contain_text("PNG, JPEG or WebP")
    expect(page.get_by_text("fake.png", exact=True)).to_have_count(0)


def test_hd_is_priced_as_such(live_page: Page) -> None:
    write(live_page, "a red bicycle")
    expect(live_page.get_by_test_id("price")).to_have_text("$0.034")
    live_page.get_by_label("HD").check()
    expect(live_page.get_by_test_id("price")).to_have_text("$0.050")
    expect(live_page.get_by_role("button", name="Start Batch")).to_be_enabled()


def test_reference_image_hd_and_other_model_give_a_zip(
    live_page: Page,
    provider: FakeProviders,
    shot: Shot,
    tmp_path: Path,
    expected: list[str],
) -> None:
    expected.append("status of 422")
    page = live_page
    write(page, "a yellow teapot")
    page.get_by_label(re.compile("^Model")).select_option("google/nano-banana-pro")
    page.get_by_label("HD").check()
    page.get_by_label("Aspect ratio of prompt 1").select_option("21:9")
    attach(page, 1, picture(SMALL))
    expect(page.get_by_text("sketch.png")).to_be_visible()
    expect(page.get_by_test_id("price")).to_have_text("$0.134")
    page.get_by_text("If the model is not available").click()
    page.get_by_label("Fall back to").select_option("bytedance/seedream-4.5")
    expect(page.get_by_role("alert")).to_contain_text("bytedance/seedream-4.5")
    page.get_by_label("Fall back to").select_option("")
    expect(page.get_by_role("button", name="Start Batch")).to_be_enabled()
    shot(page, "other-model")
    start(page)
    with page.expect_download() as download:
        finished(page).click()
    download.value.save_as(tmp_path / "prompts.zip")
    with zipfile.ZipFile(tmp_path / "prompts.zip") as archive:
        assert [name for name in archive.namelist() if name.endswith(".png")]
    [made] = provider.creates("teapot")
    assert (made.input["aspect_ratio"], len(made.input["image_input"])) == ("21:9", 1)
    page.go_back()
    expect(page.get_by_label("Prompt 1", exact=True)).to_have_value("a yellow teapot")


def test_what_was_written_is_still_there_after_a_reload(page: Page) -> None:
    write(page, "a red bicycle", "a blue kettle")
    page.reload()
    expect(page.get_by_label("Prompt 2", exact=True)).to_have_value("a blue kettle")
    page.get_by_role("button", name="Remove prompt 1").click()
    expect(page.get_by_label("Prompt 1", exact=True)).to_have_value("a blue kettle")
