"""Our verdict on a sheet beside that of the real PapaParse, which is the verdict.

Two differences are the product's own and are taken out before comparing: an undetectable delimiter
is no error, and a line of nothing but delimiters is a blank line. A sheet whose first line is such
a line is left out, as the header is another one then.
"""

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from imagebatch.formats.csv_parse import parse_csv

HERE = Path(__file__).parent / "papaparse"
SEEDS = range(4)
SHEETS_PER_SEED = 400


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if not found:
        pytest.skip("node is not on the PATH")
    if not (HERE / "node_modules" / "papaparse").is_dir():
        pytest.skip("papaparse is not installed: run `npm ci` in tests/formats/papaparse")
    return found


def papaparse(node: str, sheets: list[str]) -> list[dict[str, Any]]:
    run = subprocess.run(
        [node, "verdicts.mjs"],
        cwd=HERE,
        input=json.dumps(sheets),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    verdicts: list[dict[str, Any]] = json.loads(run.stdout)["verdicts"]
    return verdicts


def their_reading(verdict: dict[str, Any]) -> dict[str, Any]:
    """PapaParse's verdict in our words: spreadsheet rows, and blank lines taken out."""
    raw = verdict["raw"]
    kept = [n for n, line in enumerate(raw, 1) if line["fields"] > 1 or not line["blank"]]
    blank = {n for n, line in enumerate(raw, 1) if line["blank"]}
    numbers = kept[1:]
    errors = []
    for error in verdict["errors"]:
        if error["type"] == "Delimiter":
            continue
        quotes = error["type"] == "Quotes"
        number = error["row"] + 1 if quotes else numbers[error["row"]]
        if quotes or number not in blank:
            errors.append((number, error["type"], error["code"], error["message"]))
    rows = [
        (number, cells)
        for number, cells in zip(numbers, verdict["rows"], strict=True)
        if number not in blank
    ]
    return {
        "faults": sorted(errors),
        "row_count": len(rows),
        "delimiter": verdict["delimiter"],
        "rows": None if errors else rows,
        "blank header": bool(kept) and kept[0] in blank,
    }


def our_reading(sheet: str) -> dict[str, Any]:
    parsed = parse_csv(sheet, keep_rows=1000)
    errors = sorted((fault.row, fault.type, fault.code, fault.message) for fault in parsed.errors)
    return {
        "faults": errors,
        "row_count": parsed.row_count,
        "delimiter": parsed.delimiter,
        "rows": None if errors else parsed.rows,
        "blank header": False,
    }


def compare(node: str, sheets: list[str]) -> tuple[int, int]:
    """How many of the sheets were well-formed and how many malformed, in both readings."""
    well_formed = malformed = 0
    for sheet, verdict in zip(sheets, papaparse(node, sheets), strict=True):
        theirs = their_reading(verdict)
        if theirs["blank header"]:
            continue
        theirs["rows"] = theirs["rows"] and [(n, list(cells)) for n, cells in theirs["rows"]]
        assert our_reading(sheet) == theirs, repr(sheet)
        well_formed += not theirs["faults"]
        malformed += bool(theirs["faults"])
    return well_formed, malformed


# --- sheets as people have them, now and then damaged ---------------------------------------------

CELLS = [
    "Audi",
    "",
    "A4 allroad",
    "x,y",
    "p;q",
    "l|r",
    'the "best"',
    '5" rim',
    "two\nlines",
    "two\r\nlines",
    "Škoda",
    " padded ",
    "tab\there",
    "16:9",
    '"',
]


def exported(rng: random.Random) -> str:
    """A sheet a spreadsheet could have written; one in three is damaged by hand."""
    delimiter, newline = rng.choice(",,;\t|"), rng.choice(["\n", "\r\n", "\r"])
    width, always = rng.randint(1, 6), rng.random() < 0.3
    lines = [
        delimiter.join(quoted(rng.choice(CELLS), delimiter, always=always) for _ in range(width))
        for _ in range(rng.randint(0, 14))
    ]
    for blank in ["", delimiter * (width - 1), delimiter * width]:
        if rng.random() < 0.2:
            lines.insert(rng.randint(0, len(lines)), blank)
    names = [f"column {number}" for number in range(width)]
    text = newline.join([delimiter.join(names), *lines]) + newline * rng.randint(0, 3)
    text = rng.choice(["", "", "\ufeff"]) + text
    return damaged(text, rng) if rng.random() < 0.33 else text


def quoted(cell: str, delimiter: str, *, always: bool) -> str:
    if not always and not set(cell) & {'"', "\n", "\r", delimiter}:
        return cell
    return '"' + cell.replace('"', '""') + '"'


def damaged(text: str, rng: random.Random) -> str:
    place = rng.randrange(len(text))
    change = rng.choice(["", "", '"', '"', '" ', ",", ";", "\n", "\r", '\xa0"', '""'])
    return text[:place] + change + text[place + rng.randint(0, 2) :]


def noise(rng: random.Random) -> str:
    alphabet = [*'ab,";\n\r\t| \xa0\u2028', '""', '"', ",", "\r\n", "\n", ',"', '",', '"\n']
    return "c,d" + "".join(rng.choice(alphabet) for _ in range(rng.randint(0, 60)))


@pytest.mark.parametrize("seed", SEEDS)
def test_papaparse_s_verdict_on_a_sheet_is_ours(node: str, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    well_formed, malformed = compare(node, [exported(rng) for _ in range(SHEETS_PER_SEED)])
    assert well_formed > 100
    assert malformed > 40


@pytest.mark.parametrize("seed", SEEDS)
def test_papaparse_s_verdict_on_noise_is_ours(node: str, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    well_formed, malformed = compare(node, [noise(rng) for _ in range(SHEETS_PER_SEED)])
    assert well_formed > 10
    assert malformed > 100


SHARP_CORNERS = [
    "a,b\n1,2",
    'a,b\n"1" ,2',
    'a,b\n"1"\t\n',
    'a,b\n"1\n2',
    'a,b\n1,"2"x"\n3,4',
    'a,b\n1,"2""',
    'a,b\n1,"',
    'a,b\n"",""\n""\n',
    "a;b,c\n1;2,3\n1;2,3",
    "a|b;c\n1|2;3",
    "a,b\r1,2\r\n3,4\r",
    'a,b\n"x\ry\rz",2\n',
    "a\n1,2",
    "a,a,A\n1,2,3",
    "a,b\n   \n1,2",
    "a,b\n , \n",
    '\ufeff"a","b"\n1,2\n',
    "a,b,\n1,2,\n",
    "sep=;\na;b\n1;2\n",
    "a,b;c\n" * 9 + "1;2,3,4\n",
    "a,b;c\n" * 10 + "1;2,3,4\n",
    'a,"b";c\n' * 9 + "1;2,3,4\n",
    'a,"b;c"\n' * 10 + "1;2,3,4\n",
]


def test_papaparse_s_verdict_on_sharp_corners_is_ours(node: str) -> None:
    assert sum(compare(node, SHARP_CORNERS)) == len(SHARP_CORNERS)
