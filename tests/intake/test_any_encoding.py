"""Any text in any encoding is read as what it is, or asked about; never as something else."""

import unicodedata
from functools import cache

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.formats.text_encoding import decoded
from imagebatch.intake.decoding import ControlCharacterError, decode_sheet
from testing.effort import examples

ENCODINGS = (
    "utf-8", "utf-8-sig", "utf-16", "windows-1250", "windows-1251", "windows-1252", "windows-1253",
    "windows-1254", "windows-1257", "iso-8859-2", "iso-8859-9", "iso-8859-15", "koi8-r", "cp437",
    "cp850", "mac_roman", "shift_jis", "gbk", "big5", "euc_kr",
)  # fmt: skip
MANY = "".join(map(chr, [*range(0xC0, 0x180), *range(0x3041, 0x30FF), *range(0x4E00, 0x5400),
    *range(0xAC00, 0xAE00)]))  # fmt: skip
HEADER = "make,model,color\n"


@cache
def letters_of(encoding: str) -> str:
    """Letters beyond ASCII that it has."""
    every = bytes(range(0x80, 0x100)).decode(encoding, "ignore") if _one_byte(encoding) else MANY
    return "".join(c for c in every if unicodedata.category(c)[0] == "L" and _has(encoding, c))


def _one_byte(encoding: str) -> bool:
    return "utf" not in encoding and encoding not in {"shift_jis", "gbk", "big5", "euc_kr"}


def _has(encoding: str, char: str) -> bool:
    try:
        return char.encode(encoding).decode(encoding) == char
    except UnicodeError:
        return False


@st.composite
def sheets(draw: st.DrawFn) -> tuple[str, str]:
    encoding = draw(st.sampled_from(ENCODINGS))
    ascii_letters = st.sampled_from("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ -")
    char = st.one_of(ascii_letters, st.sampled_from(letters_of(encoding)))
    cell = st.text(char, min_size=1, max_size=12)
    rows = draw(st.lists(st.tuples(cell, cell, cell), min_size=1, max_size=6))
    return encoding, HEADER + "".join(",".join(row) + "\n" for row in rows)


@given(sheets())
@settings(max_examples=examples(100))
def test_any_text_is_read_as_written_or_not_at_all(sheet: tuple[str, str]) -> None:
    encoding, text = sheet
    body = text.encode(encoding)
    # What happens to be UTF-8 as well is UTF-8: nothing else is so hard to write by chance.
    assume(encoding.startswith("utf") or decoded(body, "utf-8") is None)
    try:
        read = decode_sheet(body)
    except (InvalidRequestError, ControlCharacterError):
        assert not encoding.startswith("utf"), "UTF-8 and UTF-16 are never asked about"
        return
    assert read.text == text, read.encoding
