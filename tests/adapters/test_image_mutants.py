"""What the inspector accepts can be shown small and drawn on a page, whatever it is."""

import io
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import batched

import pikepdf
import pytest
from PIL import Image

from imagebatch.adapters.images import PillowValidator
from imagebatch.adapters.pdf_pages import to_pdf_image
from imagebatch.adapters.thumbnails import PillowThumbnailer
from imagebatch.formats.pdf import PdfImage, pdf_of
from testing.effort import examples
from testing.image_mutants import bases, join, mutants, saved, split

MUTANTS = 5_000
PAGES = 500
ACCEPTED = 0.2
"""The share of mutants that must get past the inspector for the test to mean anything."""

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def accepted(count: int, seed: int) -> Iterator[bytes]:
    for body in mutants(count, seed):
        # The use case takes any exception of the inspector's for a bad picture.
        with suppress(Exception):
            PillowValidator().validate(body, None)
            yield body


@pytest.mark.slow
def test_a_mutant_that_is_accepted_has_its_page() -> None:
    drawn: list[PdfImage] = []
    found = 0
    for body in accepted(examples(MUTANTS), seed=14):
        found += 1
        picture = to_pdf_image(body)
        if picture is not None:
            drawn.append(picture)

    assert found > ACCEPTED * examples(MUTANTS)
    assert len(drawn) > 0.99 * found  # what cannot be drawn at all is left out
    for pages in batched(drawn, PAGES, strict=False):
        with pikepdf.open(io.BytesIO(b"".join(pdf_of(pages)))) as opened:
            assert len(opened.pages) == len(pages)
            for page, picture in zip(opened.pages, pages, strict=True):
                if not picture.jpeg:
                    assert page.Resources.XObject.Im0.read_bytes()


@pytest.mark.slow
def test_a_mutant_that_is_accepted_has_its_thumbnail() -> None:
    for body in accepted(examples(MUTANTS // 5), seed=15):
        small = Image.open(io.BytesIO(PillowThumbnailer().draw(body)))
        assert small.format == "WEBP"


def test_unreadable_png_lines_are_compressed_again() -> None:
    body = saved(Image.radial_gradient("L").convert("RGB").resize((40, 30)), "PNG")
    parts = split(body)
    lines = zlib.decompress(b"".join(text for name, text in parts if name == b"IDAT"))
    for broken in (
        zlib.compress(lines + b"more lines than the picture has"),
        zlib.compress(lines)[:-4],
    ):
        odd = join(body, [parts[0], (b"IDAT", broken), parts[-1]])
        PillowValidator().validate(odd, None)

        picture = to_pdf_image(odd)

        assert picture is not None
        assert zlib.decompress(picture.data)
        with page_pixels(odd) as found, page_pixels(body) as wanted:
            assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("tail", [b"\0", b"more after its end", b"\0" * 999])
def test_bytes_after_the_end_change_no_page(kind: str, tail: bytes) -> None:
    body = saved(Image.radial_gradient("L").convert("RGB").resize((40, 30)), kind)

    assert to_pdf_image(body + tail) is not None
    with page_pixels(body + tail) as found, page_pixels(body) as wanted:
        assert found.tobytes() == wanted.tobytes()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_flipped_photo_is_shown_as_viewers_show_it(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    body = saved(Image.linear_gradient("L").resize((48, 32)), "JPEG", exif=exif)

    picture = to_pdf_image(body)

    assert picture is not None
    shown = picture.width if picture.rotate in {0, 180} else picture.height
    assert shown == (48 if orientation < 5 else 32)
    assert picture.jpeg is (orientation in {1, 3, 6, 8})


def test_a_cut_colour_profile_is_left_out() -> None:
    for body in bases():
        parts = [
            (name, text[: len(text) // 2] if name in {b"iCCP", b"ICCP", b"\xff\xe2"} else text)
            for name, text in split(body)
        ]
        assert to_pdf_image(join(body, parts)) is not None


def page_pixels(body: bytes) -> Image.Image:
    picture = to_pdf_image(body)
    assert picture is not None
    with pikepdf.open(io.BytesIO(b"".join(pdf_of([picture])))) as opened:
        return pikepdf.PdfImage(opened.pages[0].Resources.XObject.Im0).as_pil_image().copy()
