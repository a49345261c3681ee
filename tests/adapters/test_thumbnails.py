"""PillowThumbnailer: small, upright, in true colours, whatever the inspector lets through."""

import io
import subprocess
import sys
import time
from typing import Any

import pytest
from PIL import Image, ImageCms

from imagebatch.adapters.thumbnails import MAX_SIDE_PIXELS, PillowThumbnailer
from imagebatch.ports.images import BadImageError
from tests.adapters.test_images import gradient, saved

BUDGET_SECONDS = 0.060
SLOW_MACHINE = 4
"""A test machine that does other things as well; the budget itself is measured by `make bench`."""


def drawn(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(PillowThumbnailer().draw(body)))
    image.load()
    return image


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize(
    ("size", "expected"),
    [((2048, 1152), (512, 288)), ((1152, 2048), (288, 512)), ((320, 180), (320, 180))],
)
def test_a_thumbnail_keeps_the_ratio(
    kind: str, size: tuple[int, int], expected: tuple[int, int]
) -> None:
    small = drawn(saved(gradient(size), kind))

    assert (small.format, small.size) == ("WEBP", expected)
    assert max(small.size) <= MAX_SIDE_PIXELS


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_only_plugins_of_used_formats_are_loaded(kind: str) -> None:
    check = (
        "import sys; from imagebatch.adapters.images import PillowValidator;"
        "from imagebatch.adapters.thumbnails import PillowThumbnailer;"
        "body = sys.stdin.buffer.read(); PillowValidator().validate(body, None);"
        "PillowThumbnailer().draw(body);"
        "print(*sorted(name for name in sys.modules if name.endswith('ImagePlugin')))"
    )
    done = subprocess.run(
        [sys.executable, "-c", check],
        input=saved(gradient((320, 180)), kind),
        capture_output=True,
        check=True,
        env={"PYTHONPATH": ":".join(sys.path)},
    )
    always = {f"PIL.{name}ImagePlugin" for name in ("Bmp", "Gif", "Jpeg", "Png", "Ppm", "WebP")}
    assert set(done.stdout.decode().split()) == always


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"])
def test_every_kind_of_pixel_becomes_a_thumbnail(mode: str) -> None:
    grey = gradient((900, 600), "L")
    image = grey.convert("I").point(lambda v: v * 257).convert("I;16") if mode == "I;16" else None
    body = saved(image or grey.convert(mode), "JPEG" if mode == "CMYK" else "PNG")

    middle, corner = (drawn(body).convert("L").getpixel(at) for at in ((256, 170), (1, 1)))

    assert isinstance(middle, int)
    assert isinstance(corner, int)
    assert middle < 40
    assert corner > 200


def test_transparency_is_kept() -> None:
    body = saved(Image.new("RGBA", (600, 600), (200, 30, 30, 90)))

    assert drawn(body).convert("RGBA").getpixel((5, 5))[3] == 90  # type: ignore[index]


@pytest.mark.parametrize("exif", [b"Exif\0\0II*\0\x08\0\0\0\1\0", b"Exif\0\0MM\0*\xff\xff\xff\xff"])
def test_malformed_exif_does_no_harm(exif: bytes) -> None:
    assert drawn(saved(gradient((640, 360)), "JPEG", exif=exif)).size == (512, 288)


def test_a_turned_jpeg_is_shown_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    assert drawn(saved(gradient((640, 360)), "JPEG", exif=exif)).size == (288, 512)


def test_a_wide_colour_profile_stays_with_the_pixels() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    wide, cut = (saved(gradient(), "PNG", icc_profile=p) for p in (profile, profile[:40]))

    assert drawn(wide).info.get("icc_profile") == profile
    assert "icc_profile" not in drawn(cut).info


@pytest.mark.parametrize("body", [b"", b"no image", saved(gradient())[:200]])
def test_what_cannot_be_drawn_is_said(body: bytes) -> None:
    with pytest.raises(BadImageError):
        PillowThumbnailer().draw(body)


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_large_image_is_drawn_within_the_budget(kind: str) -> None:
    body = saved(busy((896, 896)), kind, **({"quality": 98} if kind == "JPEG" else {}))
    assert len(body) > 700_000

    seconds = min(cpu_seconds(body) for _ in range(3))

    assert seconds < BUDGET_SECONDS * SLOW_MACHINE


def busy(size: tuple[int, int]) -> Image.Image:
    noise = Image.effect_noise(size, 60)
    return Image.merge("RGB", [noise, noise.rotate(90), noise.rotate(180)])


def cpu_seconds(body: bytes) -> float:
    start = time.process_time()
    PillowThumbnailer().draw(body)
    return time.process_time() - start


def test_a_thumbnail_of_a_photograph_is_a_few_kilobytes() -> None:
    options: dict[str, Any] = {"quality": 92}

    assert len(PillowThumbnailer().draw(saved(gradient((2048, 2048)), "JPEG", **options))) < 30_000
