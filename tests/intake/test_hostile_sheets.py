"""Sheets made to break the reader: each is answered, clearly, at an ordinary sheet's price."""

import json
import resource
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.intake.sheet import MAX_BYTES, Sheet, read_sheet
from testing.effort import effort

CORE = Path(__file__).parents[2] / "layers" / "core"
SIZE = MAX_BYTES // 10
MEASURED = MAX_BYTES // 40
"""What allocations are counted on: that is slow."""
FEW_BYTES = MAX_BYTES // 20
"""What a sheet of a fixed size may count as, which is smaller than that."""
TIMES_AN_ORDINARY_SHEET = 60
"""The dearest takes 14 times as long; one whose cost grew with the square, a thousand times."""
TIMES_ITS_SIZE = 12

UNCLEAR = "Encoding not recognised"
MALFORMED = "Malformed CSV"
TOO_MANY = "Row limit exceeded (max 50)"
EMPTY = "No data rows found"


def repeated(unit: str, head: str = "", tail: str = "") -> Callable[[int], bytes]:
    """`head`, then as many of `unit` as fit before `tail`."""
    each = unit.encode()
    start, end = head.encode(), tail.encode()
    return lambda size: start + each * ((size - len(start) - len(end)) // len(each)) + end


def exactly(body: bytes) -> Callable[[int], bytes]:
    return lambda _: body


HOSTILE: dict[str, tuple[Callable[[int], bytes], str | None]] = {
    "nothing but quotes": (repeated('""'), MALFORMED),
    "an odd number of quotes": (repeated('""', tail='"'), MALFORMED),
    "quotes inside quotes": (repeated('"a"b'), MALFORMED),
    "escaped quotes": (repeated('"" ', '"', '"'), MALFORMED),
    "quotes before delimiters": (repeated('"a"b",'), MALFORMED),
    "quotes that nearly close": (repeated('"" "', 'make\n"'), MALFORMED),
    "quoted empty fields": (repeated('"",', 'make\n"'), MALFORMED),
    "a quote and white space": (repeated(" ", '"a"'), MALFORMED),
    "white space behind quotes and a letter": (repeated(" ", 'make\n"a"', "x"), MALFORMED),
    "quotes with long spaces": (repeated('"' + " " * 2000 + "x", 'make\n"'), MALFORMED),
    "a quote over everything": (repeated("x\n", 'make,model\n"'), MALFORMED),
    "a quote on every line": (repeated('"\n', "make\n"), MALFORMED),
    "columns without a name": (repeated(",", "make", "\nVolvo\n"), MALFORMED),
    "columns with one name": (repeated("a,"), MALFORMED),
    "quoted columns": (repeated('"a",'), MALFORMED),
    "columns below the header": (repeated("a,", "make,model\n", "\n"), MALFORMED),
    "columns with names": (
        lambda size: b"make," + b",".join(b"%d" % n for n in range(size // 7)) + b"\n1\n",
        MALFORMED,
    ),
    "as many columns as a spreadsheet has": (
        exactly(b"make" + b",x" * 16_383 + b"\n" + b"v" + b",y" * 16_383 + b"\n"), None
    ),
    "rows": (repeated("a,b\n", "make,model\n"), TOO_MANY),
    "rows of a letter": (repeated("a\n", "make\n"), TOO_MANY),
    "ragged rows": (repeated(",a\n", "make\n"), MALFORMED),
    "one field": (repeated("x", "make\n"), None),
    "one quoted field": (repeated("x\n", 'make\n"', '"'), None),
    "one line": (repeated("x"), MALFORMED),
    "a long unknown name": (repeated("x", "make,", "\nVolvo,1\n"), None),
    "line breaks": (repeated("\n", "make\n"), EMPTY),
    "carriage returns": (repeated("\r", "make\r"), EMPTY),
    "nothing but carriage returns": (repeated("\r"), EMPTY),
    "delimiters": (repeated(",\n"), EMPTY),
    "astral characters": (repeated("\U0001f697,"), MALFORMED),
    "nothing but NULs": (repeated("\0"), MALFORMED),
    "a NUL in the last cell": (repeated("Volvo\n", "make\n", "\0"), MALFORMED),
    "an escape sequence for terminals": (exactly(b"make\n\x1b]0;owned\x07\n"), MALFORMED),
    "half of a surrogate pair in UTF-8": (exactly(b"make\n\xed\xa0\x80\n"), UNCLEAR),
    "half of a surrogate pair in UTF-16": (
        exactly(b"\xff\xfe" + "make\n".encode("utf-16-le") + b"\x00\xd8\n\x00"), UNCLEAR
    ),
    "half of a character at the end of UTF-16": (
        exactly(b"\xff\xfe" + "make\nVolvo".encode("utf-16-le") + b"\x41"), UNCLEAR
    ),
    "a ZIP": (exactly(b"PK\x03\x04" + b"\0" * 1000), MALFORMED),
    "an image": (exactly(b"\x89PNG\r\n\x1a\n" + b"\0" * 1000), MALFORMED),
    "a byte too much": (
        exactly(b"make\n" + b"x" * (MAX_BYTES - 4)), "CSV file is too large (max 5 MB)"
    ),
}  # fmt: skip
DEAREST = ("rows of a letter", "a quote on every line", "columns with names")


def answer(body: bytes) -> Sheet | InvalidRequestError:
    try:
        return read_sheet(body, max_rows=50)
    except InvalidRequestError as error:
        return error


@pytest.fixture(scope="module")
def ordinary() -> float:
    """The effort of a sheet that is as large, and of cars."""
    body = repeated("Volvo,V60,2024,white\n", "make,model,year,background\n")(SIZE)
    answer(b"make\n\xff\n")  # what is imported once is not counted
    return effort(lambda: answer(body))


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_sheet_is_answered_at_an_ordinary_price(name: str, ordinary: float) -> None:
    make, error = HOSTILE[name]
    body = make(SIZE)
    given: list[Sheet | InvalidRequestError] = []
    spent = effort(lambda: given.append(answer(body)), times=1)
    assert spent < TIMES_AN_ORDINARY_SHEET * ordinary
    [found] = given
    if isinstance(found, Sheet):
        assert error is None
        assert len(found.rows) == 1
        assert len("".join(found.warnings)) < 2000
    else:
        assert found.error == error
        assert found.detail
        assert len(json.dumps(found.details, ensure_ascii=False).encode()) < 50_000


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_sheet_takes_a_few_times_its_size(name: str) -> None:
    body = HOSTILE[name][0](MEASURED)
    size = len(body) if len(body) > MEASURED * 3 // 4 else FEW_BYTES
    answer(b"make\n\xff\n")  # what is imported once is not counted
    tracemalloc.start()
    try:
        answer(body)
        assert tracemalloc.get_traced_memory()[1] < TIMES_ITS_SIZE * size
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("name", DEAREST)
def test_hostile_sheet_of_full_size_fits_a_function(name: str) -> None:
    script = (
        "import sys; from imagebatch.intake.sheet import read_sheet\n"
        "from imagebatch.domain.errors import InvalidRequestError\n"
        "try: read_sheet(sys.stdin.buffer.read(), max_rows=50)\n"
        "except InvalidRequestError as error: print(error.error)"
    )
    limit = 512 * 1024 * 1024
    done = subprocess.run(
        [sys.executable, "-c", script],
        input=HOSTILE[name][0](MAX_BYTES),
        capture_output=True,
        env={"PYTHONPATH": str(CORE)},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    assert done.stdout.decode().strip() == HOSTILE[name][1]
