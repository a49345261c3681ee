"""Images are marked before they are measured and stored, and a mark never costs an image."""

import hashlib
import zlib
from copy import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from imagebatch.domain.images import Image as StoredImage
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.provenance import Mark, Provenance
from imagebatch.formats.image_xmp import read_xmp, write_xmp
from imagebatch.formats.xmp import new_packet
from imagebatch.usecases import mark_image
from imagebatch.usecases.mark_image import SOURCE_TYPE, MarkImage
from imagebatch_cli.marks import mark_of
from testing.app_harness import AppHarness
from testing.fakes.telemetry import SilentTelemetry
from testing.image_mutants import join, saved, split
from testing.records import a_batch, an_item
from tests.formats.test_image_xmp import MANIFEST, pixels

PICTURE = saved(Image.radial_gradient("L").convert("RGB").resize((40, 40)), "PNG")
TRAINED = b"http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def with_chunk(name: bytes, text: bytes) -> bytes:
    head, *rest = split(PICTURE)
    return join(PICTURE, [head, (name, text), *rest])


CONTENT_CREDENTIALS = sorted((Path(__file__).parents[1] / "formats" / "c2pa").glob("signed.*"))
SIGNED = with_chunk(b"caBX", MANIFEST)


def made(app: AppHarness, body: bytes, **submitted: Any) -> tuple[StoredImage, bytes]:
    app.provider.body = body
    app.run(1, **submitted)
    image = app.item(0).image
    assert image is not None
    return image, app.media.bodies[image.key]


def test_mark_is_part_of_the_stored_image(app: AppHarness) -> None:
    image, stored = made(app, PICTURE)

    packet = read_xmp(stored) or b""
    assert TRAINED in packet
    assert app.batch.model.encode() in packet
    assert b"<imagebatch:batchId>b1</imagebatch:batchId>" in packet
    assert b"<imagebatch:itemId>c0</imagebatch:itemId>" in packet
    assert (image.size, image.crc32) == (len(stored), zlib.crc32(stored))
    assert pixels(stored) == pixels(PICTURE)
    known = image.provenance
    assert known is not None
    assert known.sha256 == hashlib.sha256(stored).hexdigest()
    assert (known.found, known.added, known.mark) == (Mark.NONE, True, Mark.XMP)
    assert known.prediction == app.provider.made[0].id


def test_a_signed_image_is_not_touched(app: AppHarness) -> None:
    image, stored = made(app, SIGNED)

    assert stored.startswith(SIGNED)
    assert read_xmp(stored) is None
    assert image.provenance is not None
    assert (image.provenance.mark, image.provenance.added) == (Mark.C2PA, None)


@pytest.mark.parametrize("file", CONTENT_CREDENTIALS, ids=lambda file: file.name)
def test_real_content_credentials_are_recognised_and_kept(file: Path) -> None:
    body = file.read_bytes()

    stored, known = marking(body)

    assert stored is body
    assert (known.found, known.mark, known.added) == (Mark.C2PA, Mark.C2PA, None)
    assert mark_of(body) == "c2pa"


def test_a_manifest_that_is_kept_elsewhere_is_not_broken(app: AppHarness) -> None:
    packet = b"XML:com.adobe.xmp\0\0\0\0\0<x dcterms:provenance='https://c2pa.example/1'/>"
    body = with_chunk(b"iTXt", packet)

    assert made(app, body)[1].startswith(body)


def marking(body: bytes, **how: bool) -> tuple[bytes, Provenance]:
    return MarkImage(SilentTelemetry(), **how)(a_batch(), an_item(), "p1", body)


def test_the_mark_of_a_provider_is_found_and_completed() -> None:
    theirs = write_xmp(PICTURE, new_packet({SOURCE_TYPE: TRAINED.decode()}))

    stored, known = marking(theirs)

    assert (known.found, known.added) == (Mark.XMP, True)
    assert b"imagebatch:itemId" in (read_xmp(stored) or b"")


@pytest.mark.parametrize(("body", "found"), [(PICTURE, Mark.NONE), (SIGNED, Mark.C2PA)])
def test_without_marks_files_stay_and_are_looked_at(body: bytes, found: Mark) -> None:
    stored, known = marking(body, enabled=False)

    assert stored is body
    assert (known.found, known.added) == (found, None)


@pytest.mark.parametrize("wanted", [True, False])
def test_a_prompt_is_written_only_where_it_is_wanted(wanted: bool) -> None:
    item = replace(an_item(), prompt="a <red> car", note="wheels straight")

    stored, _ = MarkImage(SilentTelemetry(), with_prompts=wanted)(a_batch(), item, "p1", PICTURE)

    packet = read_xmp(stored) or b""
    assert (b"a &lt;red&gt; car\nwheels straight" in packet) is wanted


def test_a_placeholder_is_marked_as_one() -> None:
    batch = replace(a_batch(), mode=Mode.DEVELOPMENT)

    stored, _ = MarkImage(SilentTelemetry())(batch, an_item(), "p1", PICTURE)

    assert b"AISystemUsed>development<" in (read_xmp(stored) or b"")


def test_the_same_prediction_makes_the_same_bytes() -> None:
    assert marking(PICTURE) == marking(PICTURE)


@pytest.mark.parametrize("body", [b"png", PICTURE[:60], b"\xff\xd8\xff\xe0\xff\xff"])
def test_what_cannot_be_marked_is_stored_as_it_is(app: AppHarness, body: bytes) -> None:
    image, stored = made(app, body)

    assert stored.startswith(body)
    assert image.provenance is not None
    assert image.provenance.mark is Mark.NONE
    assert isinstance(app.mark.telemetry, SilentTelemetry)
    assert app.mark.telemetry.notes == ["image not marked"]


def test_a_mark_that_raises_anything_costs_no_image(
    app: AppHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise IndexError("out of range")

    monkeypatch.setattr(mark_image, "find_mark", fail)

    image, stored = made(app, PICTURE)

    assert app.statuses == "s"
    assert image.provenance is not None
    assert image.provenance.sha256 == hashlib.sha256(stored).hexdigest()
