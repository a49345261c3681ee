"""Writes a PDF with one image per page as a stream, keeping only each page's offset.

PDF 1.5 with a cross-reference stream, whose offsets are not limited to 10 GB.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence

from imagebatch.structs import Struct, replace

POINTS_A_PIXEL = 0.75
MAX_SIDE = 14_400
"""In points; the maximum that readers support."""
_HEADER = b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n"
_PAGES, _CATALOG = 1, 2
_OFFSET_BYTES = 6
_ICC_SPACES = {"DeviceGray": b"GRAY", "DeviceRGB": b"RGB ", "DeviceCMYK": b"CMYK"}
CHANNELS = {"DeviceGray": 1, "DeviceRGB": 3, "DeviceCMYK": 4}


class PdfImage(Struct, frozen=True, kw_only=True):
    """An image in a form that a PDF can embed unchanged.

    `data` is a whole JPEG, or if `jpeg` is false the compressed lines of a PNG, and so is `mask`,
    its opacity in 8 bits. `palette` is three bytes per colour, `rotate` clockwise degrees.
    """

    width: int
    height: int
    space: str
    depth: int
    data: bytes
    jpeg: bool = False
    inverted: bool = False
    palette: bytes = b""
    mask: bytes | None = None
    profile: bytes | None = None
    rotate: int = 0


def pdf_of(pictures: Iterable[PdfImage]) -> Iterator[bytes]:
    """Yield the document in pieces; the same images give the same bytes."""
    return _Document().write(pictures)


class _Document:
    def __init__(self) -> None:
        self._at = 0
        self._offsets = {_PAGES: 0, _CATALOG: 0}
        self._kids: list[int] = []

    def write(self, pictures: Iterable[PdfImage]) -> Iterator[bytes]:
        yield self._emit(_HEADER)
        for picture in pictures:
            yield from self._page(picture)
        kids = b" ".join(_reference(number) for number in self._kids)
        pages = b"<</Type/Pages/Count %d/Kids[%s]>>" % (len(self._kids), kids)
        yield self._object(_PAGES, pages)
        yield self._object(_CATALOG, b"<</Type/Catalog/Pages %s>>" % _reference(_PAGES))
        yield self._xref_stream()

    def _page(self, picture: PdfImage) -> Iterator[bytes]:
        page, content, image = self._new_object_id(), self._new_object_id(), self._new_object_id()
        space, extra = self._space(picture)
        yield from extra
        entries = b""
        if picture.mask is not None:
            mask = self._new_object_id()
            entries = b"/SMask %s" % _reference(mask)
            opacity = replace(picture, depth=8, jpeg=False)
            yield self._stream(mask, _entries(opacity, b"/DeviceGray", 1), picture.mask)
        channels = 1 if picture.palette else CHANNELS[picture.space]
        entries += _entries(picture, space, channels)
        if picture.inverted:
            entries += b"/Decode[1 0 1 0 1 0 1 0]"
        yield self._stream(image, entries, picture.data)
        width, height = _size(picture)
        yield self._stream(content, b"", b"q %s 0 0 %s 0 0 cm /Im0 Do Q" % (width, height))
        self._kids.append(page)
        yield self._object(
            page,
            b"<</Type/Page/Parent %s/MediaBox[0 0 %s %s]/Rotate %d/Contents %s"
            b"/Resources<</XObject<</Im0 %s>>>>>>"
            % (
                _reference(_PAGES),
                width,
                height,
                picture.rotate,
                _reference(content),
                _reference(image),
            ),
        )

    def _space(self, picture: PdfImage) -> tuple[bytes, Sequence[bytes]]:
        """Return the colour space and its objects. A profile that does not fit is omitted."""
        name = b"/" + picture.space.encode()
        if picture.palette:
            colours = len(picture.palette) // 3 - 1
            return b"[/Indexed/DeviceRGB %d<%s>]" % (colours, picture.palette.hex().encode()), ()
        if picture.profile is None or not _fits(picture.profile, picture.space):
            return name, ()
        profile = self._new_object_id()
        entries = b"/N %d/Alternate%s/Filter/FlateDecode" % (CHANNELS[picture.space], name)
        body = zlib.compress(picture.profile)
        return b"[/ICCBased %s]" % _reference(profile), (self._stream(profile, entries, body),)

    def _xref_stream(self) -> bytes:
        number, start = self._new_object_id(), self._at
        self._offsets[number] = start
        rows = [b"\x00" + bytes(_OFFSET_BYTES) + b"\xff"]
        for _, offset in sorted(self._offsets.items()):
            rows.append(b"\x01" + offset.to_bytes(_OFFSET_BYTES) + b"\x00")
        entries = b"/Type/XRef/Size %d/W[1 %d 1]/Root %s/Filter/FlateDecode" % (
            len(rows),
            _OFFSET_BYTES,
            _reference(_CATALOG),
        )
        written = self._stream(number, entries, zlib.compress(b"".join(rows)))
        return written + b"startxref\n%d\n%%%%EOF\n" % start

    def _new_object_id(self) -> int:
        number = len(self._offsets) + 1
        self._offsets[number] = 0
        return number

    def _stream(self, number: int, entries: bytes, body: bytes) -> bytes:
        head = b"<<%s/Length %d>>\nstream\n" % (entries, len(body))
        return self._object(number, head + body + b"\nendstream")

    def _object(self, number: int, body: bytes) -> bytes:
        self._offsets[number] = self._at
        return self._emit(b"%d 0 obj\n%s\nendobj\n" % (number, body))

    def _emit(self, piece: bytes) -> bytes:
        self._at += len(piece)
        return piece


def _fits(profile: bytes, space: str) -> bool:
    """Whether it is a complete ICC profile of this colour space."""
    whole = int.from_bytes(profile[:4]) == len(profile) and profile[36:40] == b"acsp"
    return whole and profile[16:20] == _ICC_SPACES[space]


def _reference(number: int) -> bytes:
    return b"%d 0 R" % number


def _entries(picture: PdfImage, space: bytes, channels: int) -> bytes:
    size = b"/Type/XObject/Subtype/Image/Width %d/Height %d" % (picture.width, picture.height)
    depth = b"/ColorSpace%s/BitsPerComponent %d" % (space, picture.depth)
    if picture.jpeg:
        return size + depth + b"/Filter/DCTDecode"
    lines = b"/Predictor 15/Colors %d/Columns %d/BitsPerComponent %d" % (
        channels,
        picture.width,
        picture.depth,
    )
    return size + depth + b"/Filter/FlateDecode/DecodeParms<<%s>>" % lines


def _size(picture: PdfImage) -> tuple[bytes, bytes]:
    longest = max(picture.width, picture.height)
    scale = min(POINTS_A_PIXEL, MAX_SIDE / longest)
    return b"%.4f" % (picture.width * scale), b"%.4f" % (picture.height * scale)
