"""Which characters are invisible, as Unicode has them."""

import unicodedata

from imagebatch.formats.visible_text import INVISIBLE, SPACES

FILLERS = "\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5"
"""Invisible characters of the categories Lo, So and Mn."""


def is_invisible(char: str) -> bool:
    variation = 0xFE00 <= ord(char) <= 0xFE0F
    return unicodedata.category(char) == "Cf" or char in FILLERS or variation


def test_every_invisible_character_is_listed() -> None:
    planes = (*range(0x10000), *range(0xE0000, 0xE0200))
    assert {*INVISIBLE} == {chr(c) for c in planes if is_invisible(chr(c))}


def test_spaces_are_those_of_unicode() -> None:
    assert {*SPACES} == {chr(c) for c in range(0x110000) if chr(c).isspace()}
