"""XMP in image files: every pixel and every other byte stays, whatever the file is like."""

import io
import json
import shutil
import subprocess
import zlib
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any
from xml.dom import minidom

import pytest
from PIL import Image

from imagebatch.formats.image_parts import UnknownStructureError, parts_of
from imagebatch.formats.image_xmp import (
    CannotMarkError,
    has_c2pa,
    may_have_c2pa,
    read_xmp,
    write_xmp,
)
from imagebatch.formats.xmp import Property, UnreadablePacketError, merged_packet, new_packet
from testing.effort import examples
from testing.image_mutants import bases, join, mutants, saved, split

IMAGES = 1_000
REFUSALS = (CannotMarkError, UnknownStructureError, UnreadablePacketError)
SOURCE = Property("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt", "DigitalSourceType")
MODEL = Property("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt", "AISystemUsed")
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
STATEMENTS = {SOURCE: TRAINED, MODEL: "a <model> & \x00 its ]]> name"}
PACKET = new_packet(STATEMENTS)
MANIFEST = b"JP\0\1\0\0\0\1\0\0\0\x20jumb\0\0\0\x18jumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71"

pytestmark = pytest.mark.filterwarnings("ignore::UserWarning:PIL")


def marked(body: bytes) -> bytes:
    packet = read_xmp(body)
    return write_xmp(body, merged_packet(packet, STATEMENTS) if packet else PACKET)


def pixels(body: bytes) -> list[tuple[str, tuple[int, int], bytes]]:
    """Of every frame."""
    with Image.open(io.BytesIO(body)) as image:
        frames = []
        for number in range(getattr(image, "n_frames", 1)):
            image.seek(number)
            frames.append((image.mode, image.size, image.tobytes()))
        return frames


def facts(body: bytes) -> dict[str, Any]:
    with Image.open(io.BytesIO(body)) as image:
        image.load()
        return {name: image.info.get(name) for name in ("icc_profile", "exif", "transparency")}


@pytest.mark.parametrize("body", bases(), ids=lambda body: body[:4].hex())
def test_marked_image_has_packet_and_same_pixels(body: bytes) -> None:
    made = marked(body)

    assert TRAINED.encode() in (read_xmp(made) or b"")
    assert pixels(made) == pixels(body)
    assert facts(made) == facts(body)
    assert b"".join(others(made)) == b"".join(others(body))


def others(body: bytes) -> list[bytes]:
    """Every part but the packet, and the head that a WebP needs for it."""
    _, parts = parts_of(body)
    texts = {read_xmp(body)}
    kept = [part.text(body) for part in parts if part.name != b"VP8X"]
    return [text for text in kept if not any(packet and packet in text for packet in texts)]


@pytest.mark.parametrize("body", bases(), ids=lambda body: body[:4].hex())
def test_marking_again_replaces_the_packet(body: bytes) -> None:
    once = marked(body)

    twice = write_xmp(once, new_packet({SOURCE: "another"}))

    assert read_xmp(twice) == new_packet({SOURCE: "another"})
    assert write_xmp(twice, read_xmp(once) or b"") == once


@pytest.mark.slow
def test_mutants_are_marked_or_refused_and_never_damaged() -> None:
    count = done = 0
    for body in mutants(examples(IMAGES), seed=18):
        count += 1
        before: list[Any] | None = None
        with suppress(Exception):
            before = pixels(body)
        try:
            made = marked(body)
        except REFUSALS:
            continue
        done += 1
        assert read_xmp(made)
        if before is not None:
            assert pixels(made) == before
    assert done > count / 3


@pytest.mark.parametrize("size", range(40))
def test_random_bytes_behind_a_signature_are_refused(size: int) -> None:
    random = Random(size)  # noqa: S311
    for head in (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\x20\0\0\0WEBP", b""):
        with pytest.raises(UnknownStructureError):
            write_xmp(head + random.randbytes(size).replace(b"\xda", b"\0"), PACKET)


def with_manifest(body: bytes) -> bytes:
    parts = split(body)
    name = {b"\x89P": b"caBX", b"\xff\xd8": b"\xff\xeb", b"RI": b"C2PA"}[body[:2]]
    at = 1 if body[:2] != b"RI" else len(parts)
    return join(body, [*parts[:at], (name, MANIFEST), *parts[at:]])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_a_c2pa_manifest_is_recognised(kind: str) -> None:
    body = saved(Image.new("RGB", (9, 9), "red"), kind)

    assert has_c2pa(with_manifest(body))
    assert may_have_c2pa(with_manifest(body))
    assert not has_c2pa(marked(body))
    assert not may_have_c2pa(body)


@pytest.mark.parametrize("compressed", [True, False])
def test_png_packet_is_found_compressed_or_not(compressed: bool) -> None:
    body = saved(Image.new("RGB", (9, 9), "red"), "PNG")
    text = zlib.compress(PACKET) if compressed else PACKET
    chunk = b"XML:com.adobe.xmp\0" + bytes([compressed, 0]) + b"\0\0" + text
    parts = split(body)

    assert read_xmp(join(body, [parts[0], (b"iTXt", chunk), *parts[1:]])) == PACKET


@pytest.mark.parametrize("fields", [b"", b"\0", b"\1\0\0\0junk", b"\0\0en", b"\1\0\0\0"])
def test_a_broken_packet_chunk_is_refused(fields: bytes) -> None:
    body = saved(Image.new("RGB", (9, 9), "red"), "PNG")
    parts = split(body)
    broken = join(body, [parts[0], (b"iTXt", b"XML:com.adobe.xmp\0" + fields), *parts[1:]])

    with pytest.raises(REFUSALS):
        marked(broken)


@pytest.mark.slow
def test_a_packet_that_unpacks_without_end_is_refused() -> None:
    body = saved(Image.new("RGB", (9, 9), "red"), "PNG")
    parts = split(body)
    bomb = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(50_000_000))

    with pytest.raises(UnknownStructureError, match="too large"):
        read_xmp(join(body, [parts[0], (b"iTXt", bomb), *parts[1:]]))


@pytest.mark.parametrize("lossless", [True, False])
def test_simple_webp_becomes_extended_with_its_size(lossless: bool) -> None:
    for size in [(1, 1), (37, 501), (16_383, 2)]:
        body = saved(Image.new("RGB", size, "red"), "WEBP", lossless=lossless)
        made = marked(body)

        assert made[12:16] == b"VP8X"
        assert int.from_bytes(made[24:27], "little") + 1 == size[0]
        assert int.from_bytes(made[27:30], "little") + 1 == size[1]
        assert pixels(made) == pixels(body)


def test_an_animation_keeps_every_frame() -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    for kind in ("WEBP", "PNG"):
        body = saved(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)

        assert len(pixels(marked(body))) == 3
        assert pixels(marked(body)) == pixels(body)


def test_what_follows_the_image_is_kept() -> None:
    for body in bases():
        assert marked(body + b"trailer")[-7:] == b"trailer"


def test_further_images_behind_offsets_are_left_alone() -> None:
    body = saved(Image.new("RGB", (9, 9), "red"), "JPEG")
    xmp = (b"\xff\xe1", b"http://ns.adobe.com/xap/1.0/\0" + PACKET)
    offsets = (b"\xff\xe2", b"MPF\0II*\0")
    head, *rest = split(body)

    assert marked(join(body, [head, offsets, *rest])).index(b"MPF\0") > 300
    with pytest.raises(CannotMarkError):
        marked(join(body, [head, offsets, xmp, *rest]))


EXISTING = {
    "attributes": b'<rdf:Description rdf:about="uuid:7" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
    b' dc:format="image/png" Iptc4xmpExt:DigitalSourceType="digitalCapture"/>',
    "elements": b'<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/"'
    b' xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"><dc:format>image/png</dc:format>'
    b"<e:DigitalSourceType>digitalCapture</e:DigitalSourceType></rdf:Description>",
    "none": b"",
}


@pytest.mark.parametrize("name", EXISTING)
def test_statements_are_merged_into_a_packet(name: str) -> None:
    packet = (
        b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>'
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        + EXISTING[name]
        + b'</rdf:RDF></x:xmpmeta><?xpacket end="w"?>'
    )

    merged = merged_packet(packet, STATEMENTS)

    document = minidom.parseString(merged)  # noqa: S318 - our own
    assert b"digitalCapture" not in merged
    assert merged.count(TRAINED.encode()) == 1
    assert (b"image/png" in merged) is (name != "none")
    assert merged.startswith(b"<?xpacket begin")
    rdf = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
    abouts = {
        each.getAttributeNS(rdf, "about")
        for each in document.getElementsByTagNameNS(rdf, "Description")
    }
    assert abouts == {"uuid:7" if name == "attributes" else ""}


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"no xml",
        b"<a>",
        b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
        '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode("utf-16"),
        b"<a>" * 100_000,
        b"<a>" * 20_000 + b"</a>" * 20_000,
        b'<?xml version="1.0" encoding="rot13"?><a/>',
        b"<a \xff/>",
    ],
    ids=range(10),
)
def test_a_packet_that_cannot_be_read_is_refused(packet: bytes) -> None:
    with pytest.raises(UnreadablePacketError):
        merged_packet(packet, STATEMENTS)


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("exiftool") is None, reason="exiftool is not installed")
def test_exiftool_reads_the_mark(tmp_path: Path) -> None:
    for number, body in enumerate(bases()):
        extension = {b"\x89P": "png", b"\xff\xd8": "jpg", b"RI": "webp"}[body[:2]]
        (tmp_path / f"{number}.{extension}").write_bytes(marked(body))
    asked = ["exiftool", "-json", "-G1", "-n", "-validate", "-warning", "-XMP:all", "-a", "."]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)

    assert len(found) == len(bases())
    assert {each["XMP-iptcExt:DigitalSourceType"] for each in found} == {TRAINED}
