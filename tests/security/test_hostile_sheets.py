"""Sheets made to break the reader: each is answered in bounded time and memory, clearly."""

import json
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from imagebatch.intake.sheet import MAX_BYTES
from testing.batches import archive, finished
from testing.scenario import ask

ROOT = Path(__file__).parents[2]
SECONDS = 10
"""Of processor time; the whole file at once, and the machine may be busy."""
MEGABYTES = 300
"""Over the interpreter's own: a function has 1024 MB."""
READ = """
import json, resource, sys, time
from imagebatch.domain.errors import RequestError
from imagebatch.intake.sheet import read_sheet
body = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
start = time.process_time()
try:
    sheet = read_sheet(body, max_rows=50)
    found = {"rows": len(sheet.rows), "warnings": len("".join(sheet.warnings))}
except RequestError as error:
    found = {"error": error.error, "detail": error.detail,
             "bytes": len(json.dumps(error.details, ensure_ascii=False).encode())}
found["seconds"] = time.process_time() - start
found["megabytes"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
print(json.dumps(found))
"""
FULL = MAX_BYTES - 100
MALFORMED = "Malformed CSV"
TOO_MANY = "Row limit exceeded (max 50)"

HOSTILE: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "a million columns": (lambda: b"make" + b"," * 1_000_000 + b"\nVolvo\n", MALFORMED),
    "a million columns below the header": (
        lambda: b"make,model\n" + b"a," * 1_000_000 + b"\n", MALFORMED
    ),
    "a million named columns": (
        lambda: b"make," + b",".join(b"%d" % n for n in range(700_000)) + b"\n1\n", MALFORMED
    ),
    "as many columns as a spreadsheet has": (
        lambda: b"make" + b",x" * 16_383 + b"\n" + b"v" + b",y" * 16_383 + b"\n", None
    ),
    "a field of 5 MB": (lambda: b"make\n" + b"x" * FULL, None),
    "a quoted field of 5 MB": (lambda: b'make\n"' + b"x\n" * (FULL // 2) + b'"', None),
    "an unknown column name of 5 MB": (lambda: b"make," + b"x" * FULL + b"\nVolvo,1\n", None),
    "nothing but NULs": (lambda: b"\0" * FULL, MALFORMED),
    "a NUL in the last cell": (lambda: b"make\n" + b"Volvo\n" * 800_000 + b"\0", MALFORMED),
    "an escape sequence for terminals": (lambda: b"make\n\x1b]0;owned\x07\n", MALFORMED),
    "half of a surrogate pair in UTF-8": (lambda: b"make\n\xed\xa0\x80\n", None),
    "half of a surrogate pair in UTF-16": (
        lambda: b"\xff\xfe" + "make\n".encode("utf-16-le") + b"\x00\xd8\n\x00", MALFORMED
    ),
    "half of a character at the end of UTF-16": (
        lambda: b"\xff\xfe" + "make\nVolvo".encode("utf-16-le") + b"\x41", MALFORMED
    ),
    "5 MB of quotes": (lambda: b'make\n"' + b'"' * FULL, MALFORMED),
    "5 MB of quotes that nearly close": (lambda: b'make\n"' + b'"" "' * (FULL // 4), MALFORMED),
    "5 MB of quotes and letters": (lambda: b'make\n' + b'"a"b' * (FULL // 4), MALFORMED),
    "a quote on every line": (lambda: b"make\n" + b'"\n' * (FULL // 2), TOO_MANY),
    "5 MB of quoted empty fields": (lambda: b"make\n" + b'"",' * (FULL // 3), MALFORMED),
    "5 MB of spaces behind quotes": (lambda: b'make\n"a"' + b" " * FULL + b"x", MALFORMED),
    "many quotes with long spaces": (
        lambda: b'make\n"' + (b'"' + b" " * 2000 + b"x") * 2400, MALFORMED
    ),
    "5 MB of blank lines": (lambda: b"make\n" + b"\n" * FULL, "No data rows found"),
    "5 MB of delimiters": (lambda: b",\n" * (FULL // 2), "No data rows found"),
    "5 MB of carriage returns": (lambda: b"make\r" + b"\r" * FULL, "No data rows found"),
    "two million rows": (lambda: b"make\n" + b"a\n" * (FULL // 2), TOO_MANY),
    "two million ragged rows": (lambda: b"make\n" + b",a\n" * (FULL // 3), MALFORMED),
    "5 MB without a line": (lambda: b"x" * FULL, MALFORMED),
    "a ZIP": (lambda: b"PK\x03\x04" + b"\0" * 1000, MALFORMED),
    "an image": (lambda: b"\x89PNG\r\n\x1a\n" + b"\0" * 1000, MALFORMED),
    "too much by a byte": (
        lambda: b"make\n" + b"x" * (MAX_BYTES - 4), "CSV file is too large (max 5 MB)"
    ),
}  # fmt: skip


def bounded() -> None:
    """A reader that runs wild is ended by the system."""
    resource.setrlimit(resource.RLIMIT_CPU, (3 * SECONDS, 3 * SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (4 * MEGABYTES * 1024**2,) * 2)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_sheet_is_answered_in_bounded_time_and_memory(name: str) -> None:
    made, error = HOSTILE[name]
    done = subprocess.run(
        [sys.executable, "-c", READ],
        input=made(), capture_output=True, check=False, timeout=120, preexec_fn=bounded,
        env={"PYTHONPATH": str(ROOT / "layers" / "core")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)

    assert found.get("error") == error
    assert found["seconds"] < SECONDS
    assert found["megabytes"] < MEGABYTES
    if error is None:
        assert found["rows"] == 1
        assert found["warnings"] < 2000
    else:
        assert found["detail"]
        assert found["bytes"] < 50_000


NAMES = ["../../../etc/passwd", "..\\..\\windows\\system32", "/etc/passwd", "C:evil", "a\u202egnp"]
FORMULAS = ['=HYPERLINK("http://evil.example","x")', "@SUM(1)", "+1+cmd|'/C calc'!A0", "-2+3"]
MARKUP = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{make}}", "${7*7}"]


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"'


def test_hostile_cells_come_out_harmless(ann: httpx.Client) -> None:
    cells = [*NAMES, *FORMULAS, *MARKUP]
    text = "make,model\n" + "".join(f"{quoted(cell)},Hostile\n" for cell in cells)
    headers = {"Content-Type": "text/csv"}
    made = ask(ann, "POST", "/api/car-batch", 202, content=text.encode(), headers=headers)
    found = finished(ann, made["jobId"])
    assert found["outcome"] == "all_succeeded"
    opened = archive(found)

    for name in opened.namelist():
        assert not {"/", "\\", ":", "\u202e"} & set(name), name
        assert ".." not in name
    results = opened.read("results.csv").decode("utf-8-sig")
    for line in results.splitlines()[1:]:
        assert line.lstrip('"')[:1] not in {"=", "+", "-", "@"}, line
    page = opened.read("index.html").decode()
    assert "<script" not in page
    assert "<img src=x" not in page


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 200_000, 400),
        (b'{"items": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", 400),
        (b'{"items": [{"prompt": "\\ud800"}]}', 400),
        (b'{"items": [{"prompt": 1e999}]}', 400),
        (b'{"items": [{"prompt": "a", "aspect_ratio": ' + b"9" * 100_000 + b"}]}", 400),
        (b"\xff\xfe\x00", 400),
        (b'{"items": [' + b'{"prompt": "a"},' * 60_000 + b'{"prompt": "a"}]}', 400),
        (b'{"items": [{"prompt": "a"}], "metadata": {"a": ["' + b"x" * 900_000 + b'"]}}', 422),
    ],
)  # fmt: skip
def test_a_hostile_body_is_refused_in_words(ann: httpx.Client, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    answer = ann.post("/api/v1/batch/generate", content=body, headers=headers)

    assert answer.status_code == status, answer.text[:500]
    assert answer.headers["content-type"] == "application/problem+json"
    assert len(answer.content) < 100_000
    assert "Traceback" not in answer.text
