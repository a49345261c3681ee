"""Decodes a sheet's bytes: every encoding that spreadsheets export, without guessing."""

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE, BOM_UTF32_BE, BOM_UTF32_LE
from collections.abc import Iterator

from imagebatch.domain.errors import InvalidRequestError, UnprocessableError
from imagebatch.domain.notice import Notice
from imagebatch.formats.text_encoding import (
    Reading,
    beyond_doubt,
    canonical_name,
    decoded,
    readings,
    rivals_of_utf8,
)
from imagebatch.formats.visible_text import show_invisible
from imagebatch.structs import Struct

MAX_CANDIDATES = 10
MAX_SAMPLE_CHARACTERS = 120
MAX_DETECTED_BYTES = 500_000
"""Counting only non-ASCII lines: beyond it, a sheet is not decoded in every encoding but treated as
ambiguous.
"""
ADVICE = "Save the sheet as 'CSV UTF-8', or send its encoding in the option encoding"
_BY_BOM = (
    (BOM_UTF32_LE, "utf-32-le"),
    (BOM_UTF32_BE, "utf-32-be"),
    (BOM_UTF8, "utf-8"),
    (BOM_UTF16_LE, "utf-16-le"),
    (BOM_UTF16_BE, "utf-16-be"),
)
_BY_CHANCE = "The sheet may be UTF-8, or its bytes may only happen to be. "
_CONTROL = re.compile(r"[\x00-\x08\x0c\x0e-\x1f\x7f-\x9f]")
_ISO_2022 = re.compile(r"\x1b[$(]")
"""An escape sequence that selects a character set, in bytes that are all ASCII."""
_LINE_END = re.compile(rb"\r\n|\r|\n")


class ControlCharacterError(ValueError):
    """`before` is the preceding text."""

    def __init__(self, character: str, before: str) -> None:
        self.message = f"Control character U+{ord(character):04X} is not allowed"
        super().__init__(self.message)
        self.before = before


class DecodedSheet(Struct, frozen=True):
    text: str
    encoding: str
    notices: tuple[Notice, ...] = ()


def decode_sheet(body: bytes, encoding: str | None = None) -> DecodedSheet:
    """Return the text without its byte order mark.

    InvalidRequestError `Encoding not recognised` if it is ambiguous, with candidates and a sample
    of each; ControlCharacterError for bytes that are not text in their encoding.
    """
    sheet = _decode(body, encoding)
    # The lossless repairs handle a final Ctrl-Z.
    if control := _CONTROL.search(sheet.text.rstrip("\x1a\r\n")):
        raise ControlCharacterError(control[0], sheet.text[: control.start()])
    return sheet


def known_encoding(name: str) -> str:
    """UnprocessableError for an unknown encoding."""
    known = canonical_name(name)
    if known is None:
        raise UnprocessableError(
            "invalid-fields",
            "Invalid fields",
            title="Some fields are not valid",
            detail=f"encoding: {show_invisible(name)[:40]!r} is not a known encoding; "
            "such as utf-8, windows-1252, shift_jis or gbk.",
            details=[{"field": "encoding", "message": "is not a known encoding"}],
        )
    return known


def _decode(body: bytes, encoding: str | None) -> DecodedSheet:
    if found := _by_mark(body):
        return found
    if encoding:
        return _as_named(body, known_encoding(encoding))
    if b"\x00" in body:
        return _without_mark(body)
    text = decoded(body, "utf-8")
    if text is not None and not _ISO_2022.search(text):
        return _as_utf8(body, text)
    if text is None and (bad := _bad_byte_of_utf8(body)) is not None:
        raise bad
    return _detected(body)


def _as_utf8(body: bytes, text: str) -> DecodedSheet:
    if rivals := rivals_of_utf8(body, text):
        raise _question(rivals, _BY_CHANCE)
    return DecodedSheet(text, "utf-8")


def _by_mark(body: bytes) -> DecodedSheet | None:
    for mark, encoding in _BY_BOM:
        if body.startswith(mark):
            text = decoded(body[len(mark) :], encoding)
            if text is None:
                raise _damaged(body[len(mark) :], encoding)
            return DecodedSheet(text, encoding)
    return None


def _as_named(body: bytes, encoding: str) -> DecodedSheet:
    text = decoded(body, encoding)
    if text is None:
        raise _undecodable(body, encoding)
    return DecodedSheet(text, encoding)


def _without_mark(body: bytes) -> DecodedSheet:
    """UTF-16 without its mark: exactly every second byte of ASCII is zero."""
    even, odd = body[::2].count(0), body[1::2].count(0)
    name = "utf-16-le" if odd > even else "utf-16-be"
    text = decoded(body, name)
    if text is None or _CONTROL.search(text) or not _TEXT_16.search(text):
        return _with_null_bytes(body)
    if even and odd:
        raise _question([Reading(name, text, possible=True, evident=False)])
    message = f"The sheet has no byte order mark; it was read as {name.upper()}."
    return DecodedSheet(text, name, (Notice("encoding", message),))


def _with_null_bytes(body: bytes) -> DecodedSheet:
    text = decoded(body, "utf-8")
    if text is None:
        raise _question([])
    return DecodedSheet(text, "utf-8")


_TEXT_16 = re.compile(r"[A-Za-z][ -~]*[\r\n,;\t]")
"""Expected in a sheet's first line, and unlikely in the other byte order."""


def _detected(body: bytes) -> DecodedSheet:
    relevant = b"\n".join(dict.fromkeys(_telling_lines(body)))
    sample = relevant[: relevant.rfind(b"\n", 0, MAX_DETECTED_BYTES)]
    complete = len(relevant) <= MAX_DETECTED_BYTES
    found = readings(relevant if complete else sample)
    taken = beyond_doubt(found) if complete else None
    text = decoded(body, taken.encoding) if taken else None
    if taken is None or text is None:
        raise _question(found)
    message = f"The sheet is not UTF-8; it was read as {taken.encoding}. Check accented letters."
    return DecodedSheet(text, taken.encoding, (Notice("encoding", message),))


def _telling_lines(body: bytes) -> Iterator[bytes]:
    """Yield the lines that are not read alike in every encoding."""
    for line in _LINE_END.split(body):
        if not line.isascii() or b"\x1b" in line:
            yield line


def _bad_byte_of_utf8(body: bytes, *, certain: bool = False) -> InvalidRequestError | None:
    """Return the error for a sheet that is UTF-8 except for a few bytes; None if it is something
    else.
    """
    text = body.decode("utf-8", "replace")
    if not certain and not _is_nearly_utf8(text):
        return None
    before, _, after = text.partition("\ufffd")
    row, sample = _row_after(before), _line_around("\ufffd", before, after)
    return InvalidRequestError(
        "encoding",
        "Encoding not recognised",
        title="The sheet's encoding is not clear",
        detail=f"Row {row} holds a byte that is not UTF-8, while the rest of the sheet is: "
        f"{_shown(sample)}. Correct the character and save the sheet as 'CSV UTF-8'.",
        details=[{"encoding": "utf-8", "sample": _shown(sample), "row": row}],
    )


def _is_nearly_utf8(text: str) -> bool:
    """Whether at most one byte, or a tenth of the non-ASCII characters, had to be replaced."""
    bad = text.count("\ufffd")
    good = sum(not char.isascii() for char in text) - bad
    return good > 0 and bad <= max(1, good // 10)


def _line_around(character: str, before: str, after: str) -> str:
    begun = before.splitlines()[-1] if before[-1:] not in {"\n", "\r", ""} else ""
    return begun + character + (after.splitlines() or [""])[0]


def _row_after(text: str) -> int:
    """Return the number of the row after this text, as in a spreadsheet."""
    from imagebatch.formats.csv_parse import parse_csv

    return parse_csv(text + "x", keep_rows=0).last_row


def _damaged(body: bytes, marked: str) -> InvalidRequestError:
    """Return the error for a text that does not match its byte order mark."""
    bad = _bad_byte_of_utf8(body, certain=True) if marked == "utf-8" else None
    return bad or _undecodable(body, marked)


def _undecodable(body: bytes, encoding: str) -> InvalidRequestError:
    candidates = [] if b"\x00" in body else readings(body[:MAX_DETECTED_BYTES])
    return _question(candidates, f"The sheet cannot be read as {encoding}. ")


def _question(found: list[Reading], reason: str = "") -> InvalidRequestError:
    reason = reason or "The sheet is not UTF-8, and more than one encoding is possible. "
    details = [
        {"encoding": reading.encoding, "sample": _sample(reading.text)}
        for reading in found[:MAX_CANDIDATES]
    ]
    if not details:
        details = [{"encoding": name, "sample": ""} for name in ("utf-8", "utf-16")]
    names = ", ".join(detail["encoding"] for detail in details)
    return InvalidRequestError(
        "encoding",
        "Encoding not recognised",
        title="The sheet's encoding is not clear",
        detail=f"{reason}{ADVICE}. Candidates: {names}.",
        details=details,
    )


def _sample(text: str) -> str:
    """Return the first non-ASCII line, which distinguishes the candidates."""
    lines = text.splitlines()
    return _shown(next((line for line in lines if not line.isascii()), lines[0] if lines else ""))


def _shown(line: str) -> str:
    short = show_invisible(line.strip())
    if len(short) <= MAX_SAMPLE_CHARACTERS:
        return short
    return short[: MAX_SAMPLE_CHARACTERS - 1] + "…"
