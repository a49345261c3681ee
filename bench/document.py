"""Writes the latest results to docs/performance.md, as a table and as a drawing."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from bench import report
from local import paths

PAGE = paths.ROOT / "docs" / "performance.md"
DRAWING = paths.ROOT / "docs" / "performance.svg"
HEADING = "## Measured\n"
WIDTH, LINE, LEFT, SCALE = 900, 22, 470, 300


def write(names: Sequence[str]) -> None:
    """`names` are all rows: those without a result are reported."""
    rows = report.kept()
    before, _, _ = PAGE.read_text().partition(HEADING)
    PAGE.write_text(f"{before}{HEADING}{measured(rows, names)}")
    DRAWING.write_text(drawing(rows))


def measured(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> str:
    """The last section of the page."""
    unknown = ", ".join(f"`{name}`" for name in names if name not in {r["row"] for r in rows})
    missed = "; ".join(row["what"] for row in rows if not row["met"])
    return (
        f"\n{report.markdown(rows)}\n\nFalls short: {missed or 'nothing'}.\n"
        f"Not measured yet: {unknown or 'nothing'}.\n\n"
        "![Each figure as a share of its goal](performance.svg)\n"
    )


def drawing(rows: Sequence[Mapping[str, Any]]) -> str:
    """One bar per figure, as a share of its goal; the line is the goal."""
    height = LINE * (len(rows) + 1)
    goal = LEFT + SCALE
    bars = "".join(_bar(row, LINE * place + 6) for place, row in enumerate(rows))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
        'font-family="sans-serif" font-size="12">'
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>{bars}'
        f'<path d="M{goal} 0V{height - 18}" stroke="#444" stroke-dasharray="4 3"/>'
        f'<text x="{goal}" y="{height - 4}" text-anchor="middle">goal</text></svg>\n'
    )


def _bar(row: Mapping[str, Any], top: int) -> str:
    share = _share(row)
    length = round(SCALE * min(share, 1.2))
    colour = "#2f7d5b" if row["met"] else "#b3452c"
    value = f"{row['value']:g} {row['unit']}"
    return (
        f'<text x="{LEFT - 8}" y="{top + 11}" text-anchor="end">{escape(row["what"])}</text>'
        f'<rect x="{LEFT}" y="{top}" width="{max(1, length)}" height="14" fill="{colour}"/>'
        f'<text x="{LEFT + length + 5}" y="{top + 11}">{escape(value)}</text>'
    )


def _share(row: Mapping[str, Any]) -> float:
    sign, number = row["goal"].split()
    goal, value = float(number), float(row["value"])
    if sign == ">=":
        return goal / value if value else 1.2
    return value / goal if goal else float(value > 0) * 1.2
