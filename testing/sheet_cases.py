"""The sheets of tests/data/cases and what is right for each: one table for every way in.

`rows` is the number of images that are accepted; `error` and `says` are of the refusal. `values`
are of the first row. A case that is accepted has notices of the codes `codes`.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1] / "tests" / "data" / "cases" / "sheets"
MALFORMED, UNKNOWN, ENCODING, ROWS = (
    "Malformed CSV",
    "Unknown columns",
    "Encoding not recognised",
    "Invalid rows",
)


@dataclass(frozen=True)
class SheetCase:
    name: str
    rows: int = 0
    values: dict[str, str] = field(default_factory=dict)
    prompts: tuple[str, ...] = ()
    """Texts, each of which is in the prompt at the same position."""
    codes: tuple[str, ...] = ()
    warning: bool = False
    """A person should check it, so the drop folder rejects it."""
    error: str = ""
    says: str = ""
    candidate: str = ""
    options: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> bytes:
        return (FOLDER / f"{self.name}.csv").read_bytes()

    @property
    def id(self) -> str:
        return "-".join([self.name, *self.options.values()])


CASES = (
    SheetCase("c01b-shiftjis-all-defined", error=ENCODING, candidate="shift_jis"),
    SheetCase(
        "c01b-shiftjis-all-defined",
        rows=1,
        values={"make": "日産", "color": "白色"},
        options={"encoding": "shift_jis"},
    ),
    SheetCase("c02a-gbk", error=ENCODING, candidate="gbk"),
    SheetCase("c02a-gbk", rows=2, values={"make": "大众"}, options={"encoding": "GBK"}),
    SheetCase("c03a-windows1250-pl", error=ENCODING, candidate="windows-1250"),
    SheetCase(
        "c03a-windows1250-pl",
        rows=1,
        values={"make": "Škoda", "model": "Żuk łącznik", "color": "żółty"},
        options={"encoding": "cp1250"},
    ),
    SheetCase("c03c-windows1254-tr", error=ENCODING, candidate="windows-1254"),
    SheetCase(
        "c03d-macroman-cr",
        rows=1,
        values={"make": "Citroën", "model": "C4 Café", "color": "crème"},
        codes=("encoding",),
    ),
    SheetCase(
        "c03e-utf8-one-bad-byte", error=ENCODING, says="Row 3 holds a byte that is not UTF-8"
    ),
    SheetCase("c03f-utf16le-no-bom", rows=1, values={"make": "Audi"}, codes=("encoding",)),
    SheetCase("c04a-sep-semicolon", rows=1, values={"color": "red"}, codes=("separator-line",)),
    SheetCase("c05a-title-row", error=MALFORMED, says="Row 2 looks like the header"),
    SheetCase("c06a-excel-16-row-block", rows=20, codes=("padded-rows",)),
    SheetCase("c06b-xlsx2csv-short-rows", rows=4, codes=("padded-rows",)),
    SheetCase("c07b-trailing-data-only", rows=2, values={"year": "2024"}, codes=("cut-rows",)),
    SheetCase("c08b-header-commas", error=UNKNOWN, says="did you mean model?"),
    SheetCase(
        "c09a-pandas-index",
        rows=3,
        prompts=("2024 Audi A4", "BMW i3", "2020 Fiat 500"),
        codes=("empty-value", "unnamed-columns", "whole-number"),
    ),
    SheetCase("c14-model-name", error=MALFORMED, says="Model Name may be model"),
    SheetCase("c16-meta-vehicle-feed", error=UNKNOWN, says="did you mean color?"),
    SheetCase(
        "c16-meta-vehicle-feed",
        rows=1,
        values={"make": "Audi", "model": "A4"},
        codes=("unknown-columns",),
        options={"unknownColumns": "ignore"},
    ),
    *(
        SheetCase(f"c18-ratio-{number}", rows=1, values={"aspect_ratio": "16:9"}, codes=("ratio",))
        for number in ("00", "01", "15", "16")
    ),
    SheetCase(
        "c20a-zwsp-header",
        rows=1,
        values={"make": "Audi", "model": "A4"},
        codes=("mapped-columns",),
    ),
    SheetCase("c24a-excel-renamed", rows=1, values={"year": "2024"}, codes=("workbook",)),
    SheetCase("c25c-crcrlf", rows=2, codes=("line-ends",)),
    SheetCase("c25f-ctrl-z", rows=1, codes=("control-z",)),
    SheetCase(
        "c26-formula-text",
        rows=2,
        values={"year": "2024", "custom_id": "007"},
        codes=("text-mark",),
    ),
    SheetCase("c28b-prompt-and-ratio", error=UNKNOWN, says="POST /api/sheet-batch"),
    SheetCase(
        "c29b-spaced-header",
        rows=1,
        values={
            "make": "VW",
            "model": "Golf",
            "body_style": "hatchback",
            "year": "2024",
            "color": "white",
            "aspect_ratio": "16:9",
            "background": "hub",
            "custom_id": "SKU-1",
        },
        codes=("mapped-columns",),
    ),
    SheetCase("c31-total-row", rows=3, codes=("nameless-rows",), warning=True),
    SheetCase("c33-footer-note", error=MALFORMED, says="looks like a footer"),
    SheetCase("c40-quoted-empty-rows", rows=1, values={"make": "Audi"}),
    SheetCase("c42-decimal-ratio", error=ROWS, says="4:3"),
)


def matches(case: SheetCase, problem: dict[str, Any]) -> bool:
    """Whether a problem document matches the case's error."""
    details = problem.get("details", [])
    offered = [detail.get("encoding") for detail in details]
    return (
        problem["error"] == case.error
        and case.says in problem["detail"] + str(details)
        and (not case.candidate or case.candidate in offered)
    )
