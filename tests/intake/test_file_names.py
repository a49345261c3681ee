import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imagebatch.domain.archive_names import ARCHIVE_NAMES
from imagebatch.intake.file_names import MAX_STEM_BYTES, car_stem, safe_stem, unique_stems

CAR = {
    "make": "Toyota",
    "model": "Corolla",
    "year": "2024",
    "body_style": "sedan",
    "trim": "LE",
    "background": "white",
}
DEVICES = {"con", "prn", "aux", "nul", "com1", "com¹", "lpt9", "conin$"}
HOSTILE = [
    "../../etc/passwd",
    "..\\x",
    "/abs",
    "C:\\x",
    "con",
    "CON",
    "nul.png",
    "com1",
    "COM¹",
    "a/b",
    "dot.",
    "space ",
    "..",
    ".",
    ".hidden",
    "x" * 300,
    "ü" * 300,
    "🚗" * 100,
    "abc\u202egnp.exe",
    "\u200b",
    "a\x00b\x1f",
    "-rf",
    "a\u2028b",
    "\u2025\uff0fevil",
    'a<b>c:d"e|f?g*h',
    "\ud800",
    "con .txt",
    "e\u200b\u0301",
    " nul",
]


def is_safe(stem: str) -> bool:
    name = f"{stem}.webp"
    return (
        bool(stem)
        and len(name.encode()) <= 100
        and not set(name) & set('/\\:*?"<>|')
        and not any(unicodedata.category(char)[0] == "C" for char in name)
        and not any(char.isspace() for char in name)
        and ".." not in name
        and not name.startswith((".", "-"))
        and not stem.endswith((".", " "))
        and stem.casefold().partition(".")[0] not in DEVICES
        and unicodedata.is_normalized("NFC", name)
    )


def key(stem: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", stem).casefold())


def test_a_file_is_named_after_its_car() -> None:
    assert car_stem(CAR, 0) == "Toyota-Corolla-2024-sedan-LE-white"


def test_file_name_has_only_present_values() -> None:
    assert car_stem({"make": "Audi", "year": "2020", "background": "hub"}, 3) == "Audi-2020-hub"


def test_the_default_background_is_in_the_name_too() -> None:
    assert car_stem({"make": "Audi"}, 3) == "Audi-white"


def test_white_space_in_a_name_is_an_underscore() -> None:
    assert car_stem({"model": "Model  3\n Long\u00a0Range"}, 0) == "Model_3_Long_Range-white"


@pytest.mark.parametrize("values", [{}, {"color": "red"}, {"make": "..."}, {"make": "\u200b"}])
def test_row_without_naming_values_uses_its_index(values: dict[str, str]) -> None:
    assert car_stem(values, 7) == "car-7"


def test_a_background_of_the_row_s_own_names_it() -> None:
    assert car_stem({"background": "hub"}, 7) == "hub"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_value_makes_a_safe_name(text: str) -> None:
    stem = safe_stem(text)
    assert not stem or is_safe(stem)
    assert is_safe(car_stem({"make": text}, 0))


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("../../etc/passwd", "etc_passwd"),
        ("A/C", "A_C"),
        ("CON", "_CON"),
        ("nul.txt", "_nul.txt"),
        ("abc\u202egnp.exe", "abcgnp.exe"),
        ("Cafe\u0301", "Café"),
        ("日本 車", "日本_車"),
        ("..", ""),
    ],
)
def test_what_a_safe_name_keeps(text: str, stem: str) -> None:
    assert safe_stem(text) == stem


def test_an_over_long_name_is_cut_between_characters() -> None:
    assert safe_stem("a" + "ü" * 300) == "a" + "ü" * 47
    assert len(safe_stem("🚗" * 300).encode()) <= MAX_STEM_BYTES


@pytest.mark.slow
@given(st.text(max_size=120))
def test_any_text_makes_a_safe_name_or_none(text: str) -> None:
    stem = safe_stem(text)
    assert not stem or is_safe(stem)
    assert safe_stem(stem) == stem


def test_two_equal_rows_are_two_files() -> None:
    assert unique_stems(["A", "A", "B", "A"]) == ["A", "A-2", "B", "A-3"]


def test_names_differing_only_in_case_stay_unique() -> None:
    names = ["Café", "CAFE\u0301", "A", "a", "ﬁ", "FI", "straße", "STRASSE"]
    assert unique_stems(names) == [
        "Café",
        "CAFE\u0301-2",
        "A",
        "a-2",
        "ﬁ",
        "FI-2",
        "straße",
        "STRASSE-2",
    ]


def test_name_that_looks_numbered_stays_unique() -> None:
    assert unique_stems(["A", "A", "A-2", "A"]) == ["A", "A-2", "A-2-2", "A-3"]


def test_repeated_long_name_stays_within_its_limit() -> None:
    stems = unique_stems(["x" * MAX_STEM_BYTES] * 1200)
    assert max(len(stem.encode()) for stem in stems) == MAX_STEM_BYTES
    assert stems[1199].endswith("x-1200")


@pytest.mark.slow
@given(
    st.lists(st.sampled_from(["a", "A", "a-2", "A-2", "a-3", "a-2-2", "b", "x" * 95]) | st.text())
)
def test_unique_names_are_unique_and_the_same_each_time(texts: list[str]) -> None:
    stems = [car_stem({"make": text}, index) for index, text in enumerate(texts)]
    unique = unique_stems(stems)
    assert len({key(stem) for stem in unique}) == len(stems)
    assert all(is_safe(stem) for stem in unique)
    assert unique == unique_stems(stems)


def test_ten_thousand_equal_rows_are_named_quickly() -> None:
    assert unique_stems(["A"] * 10_000)[-1] == "A-10000"


@pytest.mark.parametrize("name", sorted(ARCHIVE_NAMES))
@pytest.mark.parametrize("spell", [str, str.upper, str.title, lambda name: f" {name}. "])
def test_the_archives_own_names_are_never_an_items(name: str, spell: Callable[[str], str]) -> None:
    assert safe_stem(spell(name)).casefold() == f"_{name}"
