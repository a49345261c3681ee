"""Detects the encoding of a text without a byte order mark, if it is unambiguous.

The bytes are decoded in every encoding that spreadsheets export. A reading is `possible` unless it
contains something that cannot be text (a symbol or another script within a word, an undefined or
control character), and `evident` if it has several words that are unlikely to occur by chance. A
reading is accepted only if it is evident and every possible reading is the same.
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

from imagebatch.structs import Struct

WESTERN = ("windows-1252", "iso-8859-15", "mac_roman", "cp850", "cp437", "iso-8859-1")
CENTRAL = ("windows-1250", "iso-8859-2", "cp852", "mac_latin2")
OTHERS = (
    "windows-1254", "windows-1257", "windows-1258", "iso-8859-16", "iso-8859-3", "iso-8859-4",
    "iso-8859-10", "iso-8859-13", "iso-8859-14", "cp857", "cp775", "cp861", "cp865",
    "mac_turkish", "mac_iceland",
)  # fmt: skip
SCRIPTS = (
    "windows-1251", "koi8-r", "koi8-u", "cp866", "iso-8859-5", "mac_cyrillic", "cp855",
    "windows-1253", "iso-8859-7", "mac_greek", "cp737",
    "windows-1255", "iso-8859-8", "windows-1256", "iso-8859-6", "cp874",
)  # fmt: skip
MULTIBYTE = (
    "shift_jis", "gbk", "gb18030", "big5", "euc_kr", "euc_jp", "cp932", "cp949", "big5hkscs",
    "iso2022_jp",
)  # fmt: skip
POOL = (*WESTERN, *CENTRAL, *OTHERS, *SCRIPTS, *MULTIBYTE)
UNICODE = ("utf-8", "utf-16", "utf-16-le", "utf-16-be", "utf-32")
KNOWN = frozenset({*POOL, *UNICODE})
EVIDENT_WORDS = 3
_WORD = re.compile(r"(?:[^\W\d_]|[^\x00-\x7f])+")
_SAMPLE = 64_000
_EUC = ("gb2312", "euc_kr", "big5", "euc_jp")
_THREE_BYTES = re.compile("[^\x00-\u07ff]")
_SYMBOL_IN_PLACE = re.compile(
    r"\d ?[°²³½¼¾\xd7±·µ£¥]|[A-Za-z][®©²³]|[½¼¾±\xd7£¥§]\d|µ[A-Za-z]|[«»][\w ]+[«»]"
)
_IN_WORDS = frozenset("'\u2019\u02bc\u00b7-\u00ad")


class Reading(Struct, frozen=True):
    encoding: str
    text: str
    possible: bool
    evident: bool


def canonical_name(name: str) -> str | None:
    """Return this module's name for an encoding; None for an unknown one."""
    folded = re.sub(r"[\s_-]+", "", name.strip().casefold())
    return _ALIASES.get(folded)


def readings(body: bytes) -> list[Reading]:
    """Return the distinct readings, the most plausible first. Each decodes all the bytes."""
    found: dict[str, Reading] = {}
    for encoding in POOL:
        text = decoded(body, encoding)
        if text is not None and text not in found:
            found[text] = _reading(encoding, text)
    guess = _guess(body)
    ranked = enumerate(found.values())
    order = sorted(ranked, key=lambda e: (not e[1].possible, e[1].text != guess, e[0]))
    return [reading for _, reading in order]


def beyond_doubt(found: list[Reading]) -> Reading | None:
    """Return the one reading that can be accepted without asking."""
    possible = [reading for reading in found if reading.possible]
    return possible[0] if len(possible) == 1 and possible[0].evident else None


def rivals_of_utf8(body: bytes, text: str) -> list[Reading]:
    """Return the other readings of a text that may be UTF-8 only by chance.

    A few Chinese, Japanese or Korean characters of two bytes each are also valid UTF-8, as Latin
    and related letters or symbols that form no word. With three bytes this does not happen by
    chance.
    """
    if text.isascii() or _THREE_BYTES.search(text) or has_convincing_words(text):
        return []
    found = [
        Reading(encoding, rival, possible=True, evident=False)
        for encoding in _EUC
        if (rival := decoded(body, encoding)) is not None
    ]
    return [Reading("utf-8", text, possible=True, evident=False), *found] if found else []


def has_convincing_words(text: str) -> bool:
    """Whether a non-ASCII character appears where people use it."""
    found = any(map(_is_convincing, _non_ascii_words(text)))
    return found or _SYMBOL_IN_PLACE.search(text) is not None


def decoded(body: bytes, encoding: str) -> str | None:
    try:
        return body.decode(encoding)
    except UnicodeError:
        return None


def _guess(body: bytes) -> str | None:
    """The detection library's guess, which only determines the order."""
    from charset_normalizer import from_bytes

    best = from_bytes(
        body[:_SAMPLE], cp_isolation=[*WESTERN, *CENTRAL, *SCRIPTS, *MULTIBYTE]
    ).best()
    return None if best is None else decoded(body, best.encoding)


def _reading(encoding: str, text: str) -> Reading:
    words = _non_ascii_words(text)
    possible = not any(map(_impossible, set(text))) and all(map(_is_word, words))
    evident = sum(map(_is_evident, words)) >= EVIDENT_WORDS
    evident = evident and all(map(_is_evident, filter(_has_non_ascii_letter, words)))
    return Reading(encoding, text, possible, possible and evident)


def _non_ascii_words(text: str) -> set[str]:
    """Return the runs of letters and non-ASCII characters that are not all ASCII."""
    return {word for word in _WORD.findall(text) if not word.isascii()}


def _has_non_ascii_letter(word: str) -> bool:
    return any(char.isalpha() and not char.isascii() for char in word)


@lru_cache(maxsize=4096)
def _impossible(char: str) -> bool:
    if char.isascii():
        return char < " " and char not in "\t\n\r\x0b\x1a"
    category = unicodedata.category(char)
    if category in {"Cc", "Cn", "Co", "Cs"}:
        return True
    # Boxes and blocks: code pages have them where others have letters.
    return "\u2500" <= char <= "\u25ff"


@lru_cache(maxsize=65536)
def _is_word(word: str) -> bool:
    """Whether it could be a word: one script, no symbol between letters, no capital inside."""
    core = _core(word)
    if _mixes_scripts(core) or any(map(_symbol, core)):
        return False
    return not any(a.islower() and b.isupper() and not b.isascii() for a, b in pairwise(core))


def _mixes_scripts(core: str) -> bool:
    """Whether its letters are of several scripts; Latin ones may stand beside Chinese ones."""
    scripts = set(map(_script, core)) - {""}
    return len(scripts - {"LATIN"}) > 1 or (len(scripts) > 1 and not scripts.isdisjoint(_ALPHABETS))


def _core(word: str) -> str:
    """Return the word without leading and trailing quotes, units and currencies."""
    places = [place for place, char in enumerate(word) if char.isalpha()]
    return word[places[0] : places[-1] + 1] if places else ""


@lru_cache(maxsize=4096)
def _symbol(char: str) -> bool:
    """Characters that belong to no word: symbols, and compatibility forms of letters."""
    if char.isascii() or char in _IN_WORDS:
        return False
    compatible = unicodedata.decomposition(char).startswith("<")
    return compatible or unicodedata.category(char)[0] not in "LM"


_ALPHABETS = frozenset({"LATIN", "CYRILLIC", "GREEK", "HEBREW", "ARABIC", "THAI"}) - {"LATIN"}


@lru_cache(maxsize=65536)
def _script(char: str) -> str:
    """Return the script of a letter; empty if it has none, and for rare Chinese characters."""
    if not char.isalpha():
        return ""
    name = unicodedata.name(char, "").split()[0]
    if name in {"CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC", "FULLWIDTH"}:
        return "HAN"
    return name


@lru_cache(maxsize=65536)
def _is_convincing(word: str) -> bool:
    letters = _letters(word)
    scripts = set(map(_script, letters))
    if not letters or not _is_word(word):
        return False
    if scripts == {"LATIN"}:
        return _is_short_and_accented(word, letters) or _is_evident(word)
    return len(letters) >= 3 and len(scripts) == 1 and scripts <= _ALPHABETS


def _is_short_and_accented(word: str, letters: Sequence[str]) -> bool:
    """Whether it is a lower-case word of two letters, one of them plain."""
    return len(letters) == 2 and word.islower() and any(map(str.isascii, letters))


def _is_evident(word: str) -> bool:
    """A Latin word with a few accented letters among plain ones."""
    letters = _letters(word)
    plain = sum(map(str.isascii, letters))
    return (
        len(letters) >= 3
        and plain >= 1
        and 0 < len(letters) - plain <= 3
        and set(map(_script, letters)) == {"LATIN"}
        and _has_usual_case(word)
    )


def _letters(word: str) -> list[str]:
    return [char for char in word if char.isalpha()]


def _has_usual_case(word: str) -> bool:
    return word.islower() or word.isupper() or word.istitle()


_ALIASES = {
    **{re.sub(r"[\s_-]+", "", name): name for name in KNOWN},
    **{f"cp125{n}": f"windows-125{n}" for n in range(9)},
    **{f"win125{n}": f"windows-125{n}" for n in range(9)},
    **{f"latin{n}": f"iso-8859-{n}" for n in (1, 2, 3, 4)},
    "latin9": "iso-8859-15",
    "sjis": "shift_jis", "windows31j": "cp932", "ms932": "cp932", "cp936": "gbk",
    "gb2312": "gbk", "cp950": "big5", "euckr": "euc_kr", "eucjp": "euc_jp", "uhc": "cp949",
    "macintosh": "mac_roman", "macroman": "mac_roman", "ansi": "windows-1252", "utf8sig": "utf-8",
    "unicode": "utf-16", "dos": "cp850", "maccentraleurope": "mac_latin2", "tis620": "cp874",
    "ibm850": "cp850", "ibm437": "cp437", "ibm852": "cp852", "ibm866": "cp866",
}  # fmt: skip
