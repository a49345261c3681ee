"""PillowValidator: what is stored is an image, whole, visible, and of the asked shape."""

import io
import tracemalloc
from typing import Any

import pytest
from PIL import Image

from imagebatch.adapters.images import MAX_BYTES, PillowValidator
from imagebatch.ports.images import BadImageError, Inspected
from testing.fake_providers.image_faults import bomb


def gradient(size: tuple[int, int] = (320, 180), mode: str = "RGB") -> Image.Image:
    return Image.radial_gradient("L").resize(size).convert(mode)


def saved(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    body = io.BytesIO()
    image.save(body, kind, **options)
    return body.getvalue()


def reason(body: bytes, aspect_ratio: str | None = None) -> str:
    with pytest.raises(BadImageError) as caught:
        PillowValidator().validate(body, aspect_ratio)
    return str(caught.value)


KINDS = [("PNG", "image/png", "png"), ("JPEG", "image/jpeg", "jpg"), ("WEBP", "image/webp", "webp")]


@pytest.mark.parametrize(("kind", "content_type", "extension"), KINDS)
def test_an_image_is_known_by_its_bytes(kind: str, content_type: str, extension: str) -> None:
    found = PillowValidator().validate(saved(gradient(), kind), "16:9")

    assert found == Inspected(content_type, extension, 320, 180)


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "I;16", "1"])
def test_every_kind_of_pixel_is_understood(mode: str) -> None:
    image = gradient(mode="L").convert(mode) if mode != "I;16" else gradient(mode="I;16")

    assert PillowValidator().validate(saved(image), None).width == 320


def test_a_cmyk_jpeg_is_understood() -> None:
    assert PillowValidator().validate(saved(gradient(mode="CMYK"), "JPEG"), None).extension == "jpg"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.9, 0.99])
def test_a_truncated_image_is_refused(kind: str, share: float) -> None:
    body = saved(gradient((900, 900)), kind)

    assert reason(body[: int(len(body) * share)])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_an_image_without_its_last_byte_is_refused(kind: str) -> None:
    assert "truncated" in reason(saved(gradient(), kind)[:-1])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_follows_a_whole_image_does_no_harm(kind: str) -> None:
    assert PillowValidator().validate(saved(gradient(), kind) + b"\0\0more", None).width == 320


def test_a_damaged_image_is_refused() -> None:
    body = bytearray(saved(gradient((600, 600))))
    body[len(body) // 2] ^= 0xFF

    assert "damaged" in reason(bytes(body))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<!doctype html><html></html>",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script/></svg>',
        b"GIF89a" + bytes(100),
        b"RIFF\x10\0\0\0WAVE" + bytes(100),
        b"%PDF-1.7",
    ],
)
def test_other_formats_than_png_jpeg_webp_are_rejected(body: bytes) -> None:
    assert "returned" in reason(body)


def test_a_file_over_50_mb_is_refused_unseen() -> None:
    assert "50 MB" in reason(saved(gradient()).ljust(MAX_BYTES + 1, b"\0"))


@pytest.mark.parametrize("side", [7_000, 12_000, 50_000])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(side: int) -> None:
    tracemalloc.start()
    assert "too many pixels" in reason(bomb(side))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert peak < 10_000_000


@pytest.mark.parametrize("colour", ["black", "white", "#7f7f7f", "red", (10, 10, 10)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_blank_image_is_refused(colour: Any, kind: str) -> None:
    assert "blank" in reason(saved(Image.new("RGB", (320, 180), colour), kind))


def test_a_transparent_image_is_refused() -> None:
    assert "blank" in reason(saved(Image.new("RGBA", (320, 180), (200, 10, 10, 0))))


def test_a_black_image_with_a_little_noise_is_refused() -> None:
    image = Image.new("RGB", (1024, 1024), "black")
    image.putpixel((17, 23), (255, 255, 255))

    assert "black" in reason(saved(image))


def test_a_small_thing_on_plain_white_is_an_image() -> None:
    image = Image.new("RGB", (1024, 1024), "white")
    image.paste((40, 40, 40), (500, 500, 540, 530))

    assert PillowValidator().validate(saved(image), "1:1").width == 1024


@pytest.mark.parametrize(
    ("size", "aspect_ratio"),
    [
        ((1024, 1024), "1:1"),
        ((1344, 768), "16:9"),
        ((768, 1344), "9:16"),
        ((768, 1408), "9:16"),
        ((896, 1280), "3:4"),
        ((1408, 768), "16:9"),
        ((1152, 896), "4:3"),
        ((896, 1152), "3:4"),
        ((1280, 896), "4:3"),
        ((1536, 672), "21:9"),
        ((640, 200), "match_input_image"),
        ((640, 200), None),
        ((640, 200), "custom"),
        ((640, 200), "0:0"),
    ],
)
def test_a_models_own_size_for_a_shape_is_accepted(
    size: tuple[int, int], aspect_ratio: str | None
) -> None:
    assert PillowValidator().validate(saved(gradient(size)), aspect_ratio).width == size[0]


@pytest.mark.parametrize(
    ("size", "aspect_ratio"),
    [((1024, 1024), "16:9"), ((768, 1344), "16:9"), ((1024, 768), "1:1"), ((1248, 832), "4:3")],
)
def test_another_shape_than_asked_is_refused(size: tuple[int, int], aspect_ratio: str) -> None:
    assert aspect_ratio in reason(saved(gradient(size)), aspect_ratio)


@pytest.mark.parametrize(("orientation", "size"), [(1, (54, 96)), (6, (96, 54)), (8, (96, 54))])
def test_shape_is_as_viewers_turn_it(orientation: int, size: tuple[int, int]) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    body = saved(gradient((54, 96)), "JPEG", exif=exif)
    ratio = "16:9" if size[0] > size[1] else "9:16"

    found = PillowValidator().validate(body, ratio)

    assert (found.width, found.height) == size
