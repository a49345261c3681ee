"""pages.pdf: one image a page, in order, pixel by pixel the stored image."""

import io
import random
import shutil
import subprocess
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image, ImageCms

from imagebatch.adapters.pdf_pages import to_pdf_image
from imagebatch.formats.pdf import PdfImage, pdf_of


def noise(mode: str, size: tuple[int, int] = (31, 17), seed: int = 1) -> Image.Image:
    generator = random.Random(seed)  # noqa: S311
    if mode == "P":
        colours = Image.new("P", size)
        colours.putpalette(generator.randbytes(3 * 16))
        colours.putdata([generator.randrange(16) for _ in range(size[0] * size[1])])
        return colours
    bands = len(Image.new(mode, (1, 1)).getbands())
    if mode == "1":
        return Image.frombytes("L", size, generator.randbytes(size[0] * size[1])).convert("1")
    return Image.frombytes(mode, size, generator.randbytes(size[0] * size[1] * bands))


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    body = io.BytesIO()
    image.save(body, form, **options)
    return body.getvalue()


def png(width: int, height: int, *head: int, lines: bytes) -> bytes:
    """`head` is depth, colour type, compression, filter and interlacing."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4) + name + body + zlib.crc32(name + body).to_bytes(4)

    size = width.to_bytes(4) + height.to_bytes(4)
    parts = [(b"IHDR", size + bytes(head)), (b"IDAT", zlib.compress(lines)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def interlaced() -> bytes:
    """Pillow writes none: 8 x 8 grey pixels in seven passes."""
    passes = [(1, 1), (1, 1), (2, 1), (2, 2), (4, 2), (4, 4), (8, 4)]
    lines = (b"\0" + bytes(range(n * w, n * w + w)) for w, h in passes for n in range(h))
    return png(8, 8, 8, 0, 0, 0, 1, lines=b"".join(lines))


def sixteen_bits_with_alpha() -> bytes:
    lines = (b"\0" + bytes(range(n, n + 40)) for n in range(5))
    return png(5, 5, 16, 6, 0, 0, 0, lines=b"".join(lines))


TRANSPARENT_PALETTE = saved(noise("P"), "PNG", transparency=3)
BODIES = {
    "png rgb": saved(noise("RGB"), "PNG"),
    "png grey": saved(noise("L"), "PNG"),
    "png black and white": saved(noise("1"), "PNG"),
    "png palette": saved(noise("P"), "PNG"),
    "png rgba": saved(noise("RGBA"), "PNG"),
    "png grey with alpha": saved(noise("LA"), "PNG"),
    "png palette with a transparent colour": TRANSPARENT_PALETTE,
    "png rgb with a transparent colour": saved(noise("RGB"), "PNG", transparency=(1, 2, 3)),
    "png interlaced": interlaced(),
    "png 16 bits with alpha": sixteen_bits_with_alpha(),
    "webp": saved(noise("RGB"), "WEBP", lossless=True),
    "webp with alpha": saved(noise("RGBA"), "WEBP", lossless=True, exact=True),
    "jpeg": saved(noise("RGB"), "JPEG"),
    "jpeg grey": saved(noise("L"), "JPEG"),
    "jpeg cmyk": saved(noise("CMYK"), "JPEG"),
}


def pixels(page: pikepdf.Page) -> Image.Image:
    """The page's picture, its opacity beside its colours."""
    raw = page.Resources.XObject.Im0
    picture = pikepdf.PdfImage(raw).as_pil_image()
    if "/SMask" not in raw:
        return picture
    clear = picture.convert("RGBA")
    clear.putalpha(pikepdf.PdfImage(raw.SMask).as_pil_image().convert("L"))
    return clear


def picture_of(body: bytes) -> PdfImage:
    picture = to_pdf_image(body)
    assert picture is not None
    return picture


@contextmanager
def page_of(body: bytes) -> Iterator[pikepdf.Page]:
    whole = b"".join(pdf_of([picture_of(body)]))
    with pikepdf.open(io.BytesIO(whole)) as opened:
        assert opened.check_pdf_syntax() == []
        (page,) = opened.pages
        yield page


@pytest.mark.parametrize("name", BODIES)
def test_a_page_shows_the_image_pixel_by_pixel(name: str) -> None:
    with Image.open(io.BytesIO(BODIES[name])) as image:
        clear = "A" in image.getbands() or "transparency" in image.info
        mode = "RGBA" if clear else "CMYK" if image.mode == "CMYK" else "RGB"
        wanted = image.convert(mode)
    with page_of(BODIES[name]) as page:
        found, box = pixels(page).convert(mode), [float(edge) for edge in page.mediabox]
    assert found.tobytes() == wanted.tobytes()
    assert box == [
        0, 0, wanted.width * 0.75, wanted.height * 0.75,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["png rgb", "png palette", "jpeg", "jpeg cmyk"])
def test_png_and_jpeg_are_kept_as_they_are(name: str) -> None:
    data = picture_of(BODIES[name]).data
    assert data in BODIES[name]


def test_sixteen_bits_of_grey_stay_sixteen() -> None:
    grey = saved(Image.frombytes("I;16", (5, 5), bytes(range(50))), "PNG")
    assert picture_of(grey).depth == 16


def test_rotated_photo_is_shown_upright() -> None:
    exif = Image.Exif()
    exif[274] = 6
    body = saved(noise("RGB"), "JPEG", exif=exif)
    with page_of(body) as page:
        assert page.Rotate == 90


def test_a_colour_profile_is_kept_where_it_fits() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    body = saved(noise("RGB"), "PNG", icc_profile=profile)
    with page_of(body) as page:
        assert page.Resources.XObject.Im0.ColorSpace[1].read_bytes() == profile
    grey = saved(noise("L"), "PNG", icc_profile=profile)
    with page_of(grey) as page:
        assert page.Resources.XObject.Im0.ColorSpace == "/DeviceGray"


def test_an_endless_picture_fits_on_a_page() -> None:
    body = saved(Image.new("RGB", (30_000, 2), "red"), "PNG")
    with page_of(body) as page:
        assert float(page.mediabox[2]) == 14_400


@pytest.mark.skipif(shutil.which("pdfimages") is None, reason="poppler-utils is not installed")
def test_other_peoples_tools_read_it(tmp_path: Path) -> None:
    names = ["png rgb", "png rgba", "webp", "png palette"]
    (tmp_path / "pages.pdf").write_bytes(
        b"".join(pdf_of(picture_of(BODIES[name]) for name in names))
    )
    info = subprocess.run(
        ["pdfinfo", "pages.pdf"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "Pages:           4" in info.stdout
    assert info.stderr == ""
    subprocess.run(["pdfimages", "-png", "pages.pdf", "out"], cwd=tmp_path, check=True)
    # The second page's opacity is an image of its own.
    for number, name in [(0, "png rgb"), (3, "webp"), (4, "png palette")]:
        with Image.open(tmp_path / f"out-{number:03}.png") as found:
            seen = found.convert("RGB").tobytes()
        with Image.open(io.BytesIO(BODIES[name])) as wanted:
            assert seen == wanted.convert("RGB").tobytes()
