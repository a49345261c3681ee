"""Any text in any encoding is read as what it is, or asked about; never as something else."""

import unicodedata
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.formats.text_encoding import decoded, has_convincing_words
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


@pytest.mark.slow
@given(sheets())
@settings(max_examples=examples(100))
def test_any_text_is_read_exactly_or_rejected(sheet: tuple[str, str]) -> None:
    encoding, text = sheet
    body = text.encode(encoding)
    chance = decoded(body, "utf-8")
    # Nobody writes a Chinese character within a Latin word, where it would be an accented letter.
    assume(encoding.startswith("utf") or chance is None or not has_convincing_words(chance))
    try:
        read = decode_sheet(body)
    except (InvalidRequestError, ControlCharacterError):
        sure = encoding != "utf-8" or has_convincing_words(text) or max(text) > "\u07ff"
        assert not encoding.startswith("utf") or not sure, "it could be nothing else"
        return
    assert read.text == text, read.encoding


BY_CHANCE = (("\u9646", "gbk"), ("\uccad", "euc_kr"), ("\ud64d", "euc_kr"), ("\u8305", "gbk"))


@pytest.mark.parametrize(("word", "encoding"), BY_CHANCE)
def test_what_is_utf8_by_chance_is_asked_about(word: str, encoding: str) -> None:
    body = f"{HEADER}{word},A4,x\n".encode(encoding)
    assert decoded(body, "utf-8") is not None
    with pytest.raises(InvalidRequestError) as refused:
        decode_sheet(body)
    offered = {d["encoding"]: d["sample"] for d in refused.value.details}
    assert "utf-8" in offered
    assert f"{word},A4,x" in offered.values()
    assert decode_sheet(body, encoding).text == f"{HEADER}{word},A4,x\n"


@pytest.mark.parametrize(
    "words",
    ["Citro\u00ebn", "o\u00f9", "\u0160koda", "20 \u00b0C", "4\u00d74", "Audi\u00ae", "2\u00bd",
     "\u041b\u0430\u0434\u0430", "\u039c\u03c0\u03bb\u03b5", "wei\u00df", "5 \u00b5m", "5 m\u00b2"],
)  # fmt: skip
def test_utf8_that_reads_well_is_not_asked_about(words: str) -> None:
    sheet = f"{HEADER}Audi,{words},x\n"
    assert decode_sheet(sheet.encode()).text == sheet
