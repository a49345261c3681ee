"""Sheets and bodies made to break what reads them, or who opens what comes out of them.

What the reader of sheets answers is in tests/intake/test_hostile_sheets.py.
"""

import httpx
import pytest

from testing.batches import archive, finished
from testing.scenario import ask

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
