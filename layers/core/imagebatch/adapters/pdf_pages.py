"""Draws the archive's pages.pdf from S3 to S3, image by image, in constant memory.

img2pdf embeds JPEG and PNG unchanged; the pixels of everything else, and of files that img2pdf
rejects, are compressed losslessly. (Images with 16 bits per channel are reduced to 8 if the PNG is
transparent, interlaced or drawn from its pixels.)
"""

import hashlib
import io
import json
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from imagebatch.adapters.aws import translate_errors
from imagebatch.adapters.images import ORIENTATION_TAG
from imagebatch.adapters.pillow import open_image
from imagebatch.adapters.pixels import as_colour, rgb_profile, upright
from imagebatch.adapters.sources import DAMAGED, BadMemberError, SourceReader
from imagebatch.formats.pdf import CHANNELS, PdfImage, pdf_of
from imagebatch.ports.archive import BadMembersError, StoredMember
from imagebatch.ports.objects import ObjectStore
from imagebatch.ports.pdf_pages import Pages, PagesBuilder
from imagebatch.structs import replace

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from PIL.Image import Image

NAME = "pages.pdf"
PART = 8 * 1024 * 1024
"""80 GB in the 10,000 parts that S3 allows; at most ten of them are in memory."""
MAX_DRAWS = 3
"""Maximum builds of the PDF: if all of them are killed, the archive is built without it."""
MIRRORED = frozenset({2, 4, 5, 7})
"""EXIF orientations that a page cannot express by rotation."""
AHEAD = 2
"""How many images are read and decoded at a time: the largest takes half a gigabyte."""
_SPACES = {
    "1": "DeviceGray",
    "L": "DeviceGray",
    "RGB": "DeviceRGB",
    "P": "DeviceRGB",
    "CMYK": "DeviceCMYK",
    "CMYK;I": "DeviceCMYK",
}


class S3PagesBuilder(PagesBuilder):
    """`ports.PagesBuilder`. A note next to the PDF records its images and its checksum."""

    def __init__(self, client: "S3Client", bucket: str, media: ObjectStore) -> None:
        self._client = client
        self._bucket = bucket
        self._media = media

    def find(self, key: str, images: Sequence[StoredMember]) -> Pages | None:
        facts = self._facts(key, images)
        if facts.get("gaveUp"):
            return Pages(None)
        left_out = tuple(facts.get("leftOut", ()))
        if left_out and len(left_out) == len(images):
            return Pages(None, left_out)
        stored = self._media.head(key) if "etag" in facts else None
        if stored is None or stored.etag != facts["etag"]:
            return None
        member = StoredMember(NAME, key, facts["size"], facts["crc32"], facts["etag"])
        return Pages(member, left_out)

    def build(self, key: str, images: Sequence[StoredMember]) -> None:
        draws = self._facts(key, images).get("draws", 0)
        if draws >= MAX_DRAWS:
            self._note(key, images, gaveUp=True)
            return
        self._note(key, images, draws=draws + 1)
        left_out: list[str] = []
        try:
            stream = _Stream(pdf_of(self._pictures(images, left_out)))
            etag = self._store(key, stream)
        except BadMemberError as bad:
            raise BadMembersError({bad.member.name: bad.reason}) from bad
        self._note(key, images, size=stream.size, crc32=stream.crc32, etag=etag, leftOut=left_out)

    def _facts(self, key: str, images: Sequence[StoredMember]) -> dict[str, Any]:
        """Return the recorded note for the PDF of exactly these images."""
        manifest = self._media.get(_manifest_key(key))
        facts: dict[str, Any] = json.loads(manifest) if manifest else {}
        return facts if facts.get("images") == _fingerprint(images) else {}

    def _note(self, key: str, images: Sequence[StoredMember], **facts: Any) -> None:
        body = json.dumps({"images": _fingerprint(images), **facts}).encode()
        self._media.put(_manifest_key(key), body, "application/json")

    def discard(self, key: str) -> None:
        self._media.delete(key)
        self._media.delete(_manifest_key(key))

    def _store(self, key: str, stream: "_Stream") -> str:
        from boto3.s3.transfer import TransferConfig

        config = TransferConfig(multipart_threshold=PART, multipart_chunksize=PART)
        extra = {"ContentType": "application/pdf"}
        with translate_errors("object store"):
            self._client.upload_fileobj(stream, self._bucket, key, ExtraArgs=extra, Config=config)  # type: ignore[arg-type]
            return self._client.head_object(Bucket=self._bucket, Key=key)["ETag"]

    def _pictures(self, images: Sequence[StoredMember], left_out: list[str]) -> Iterator[PdfImage]:
        """In order, a few read ahead; the names of those that cannot be drawn go to `left_out`."""
        reader = SourceReader(self._client, self._bucket)
        pending: deque[tuple[str, Future[PdfImage | None]]] = deque()
        with ThreadPoolExecutor(AHEAD) as pool:
            for image in images:
                pending.append((image.name, pool.submit(_load_image, reader, image)))
                if len(pending) > AHEAD:
                    yield from _drawn(*pending.popleft(), left_out)
            while pending:
                yield from _drawn(*pending.popleft(), left_out)


class _Stream:
    """The source of a transfer. `size` and `crc32` cover everything read so far."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = iter(pieces)
        self._left = bytearray()
        self.size = self.crc32 = 0

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._left) < size:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._left += piece
        end = len(self._left) if size < 0 else size
        chunk = bytes(self._left[:end])
        del self._left[:end]
        self.size += len(chunk)
        self.crc32 = zlib.crc32(chunk, self.crc32)
        return chunk


def _drawn(name: str, loading: Future[PdfImage | None], left_out: list[str]) -> Iterator[PdfImage]:
    picture = loading.result()
    if picture is None:
        left_out.append(name)
    else:
        yield picture


def _load_image(reader: SourceReader, image: StoredMember) -> PdfImage | None:
    body = bytearray(image.size)
    checksum = reader.read(image, 0, image.size, [memoryview(body)])
    if checksum != image.crc32:
        raise BadMemberError(image, DAMAGED)
    return to_pdf_image(bytes(body))


def to_pdf_image(body: bytes) -> PdfImage | None:
    """The page's image as stored, otherwise as decoded; None if it cannot be drawn."""
    for form in (_as_stored, _as_decoded):
        try:
            if picture := form(body):
                return picture
        except Exception:  # noqa: BLE001, S112 - image libraries raise anything at a broken image
            continue
    return None


def _as_stored(body: bytes) -> PdfImage | None:
    """Return None if a PDF cannot embed the image unchanged."""
    with open_image(body) as image:
        if image.getexif().get(ORIENTATION_TAG) in MIRRORED:
            return None
        clear = image.has_transparency_data
        if image.format == "JPEG":
            return _embed_unchanged(body)
        if clear or not _is_plain_png(body):
            return None
    picture = _embed_unchanged(body)
    return picture if _has_every_line(picture) else None


def _has_every_line(picture: PdfImage) -> bool:
    """Whether the compressed lines of a PNG are complete: decoders tolerate more than PDF
    readers.
    """
    samples = 1 if picture.palette else CHANNELS[picture.space]
    line = 1 + (picture.width * samples * picture.depth + 7) // 8
    unpacker = zlib.decompressobj()
    lines = unpacker.decompress(picture.data, line * picture.height + 1)
    return unpacker.eof and len(lines) == line * picture.height


def _as_decoded(body: bytes) -> PdfImage:
    with open_image(body) as image:
        profile = rgb_profile(image)
        pixels = as_colour(upright(image))
    colours = _embed_unchanged(_png(pixels.convert("RGB"), profile))
    if pixels.mode != "RGBA":
        return colours
    return replace(colours, mask=_embed_unchanged(_png(pixels.getchannel("A"))).data)


def _is_plain_png(body: bytes) -> bool:
    """Not interlaced: the lines of such a PNG are those of a PDF."""
    return body.startswith(b"\x89PNG") and body[28] == 0


def _embed_unchanged(body: bytes) -> PdfImage:
    """A JPEG, or a PNG that is neither transparent nor interlaced."""
    import img2pdf

    frame: Any = img2pdf.read_images(body, None, True, img2pdf.Rotation.ifvalid)[0]
    space, _, form, data, _, width, height, palette, _, depth, rotate, profile = frame
    return PdfImage(
        width=width,
        height=height,
        space=_SPACES[space.name],
        depth=depth,
        data=data,
        jpeg=form is img2pdf.ImageFormat.JPEG,
        inverted=space.name == "CMYK;I",
        palette=bytes(palette) if space.name == "P" else b"",
        profile=profile,
        rotate=rotate,
    )


def _png(image: "Image", profile: bytes | None = None) -> bytes:
    """Compressed lightly: one more level costs a second per image and saves little."""
    body = io.BytesIO()
    image.save(body, "PNG", compress_level=1, icc_profile=profile)
    return body.getvalue()


def _fingerprint(images: Sequence[StoredMember]) -> str:
    digest = hashlib.sha256()
    for image in images:
        digest.update(f"{image.key}\0{image.etag}\0{image.size}\n".encode())
    return digest.hexdigest()


def _manifest_key(key: str) -> str:
    return f"{key}.json"
