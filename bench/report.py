"""Figures against their goals: the printed table, and the stored file.

A run of selected rows replaces only those rows in the file; each keeps the time of its own run.
"""

import json
import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROWS = (
    "sizes",
    "sheets",
    "thumbnails",
    "archives",
    "contention",
    "makespan",
    "cost",
    "many",
    "polls",
    "cold_start",
    "latency",
    "page",
)
"""Each a module whose `measure(environment)` yields figures. What leaves
batches behind comes last: the sweeper takes them up a quarter of an hour later."""
RESULTS = Path(__file__).with_name("results.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """`value` and `goal` are in `unit` (x is a ratio); `detail` is the underlying data."""

    what: str
    value: float
    goal: float
    unit: str = "x"
    at_least: bool = False
    detail: Mapping[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool:
        return self.value >= self.goal if self.at_least else self.value <= self.goal

    def as_json(self) -> dict[str, Any]:
        sign = ">=" if self.at_least else "<="
        return {
            "what": self.what,
            "value": _rounded(self.value),
            "unit": self.unit,
            "goal": f"{sign} {self.goal:g}",
            "met": self.met,
            "detail": {name: _rounded(value) for name, value in self.detail.items()},
        }


def table(rows: Iterable[Mapping[str, Any]]) -> str:
    lines = [("row", "what", "measured", "goal", "")]
    for row in rows:
        measured = f"{row['value']:g} {row['unit']}"
        lines.append(
            (row["row"], row["what"], measured, row["goal"], "" if row["met"] else "MISSED")
        )
    widths = [max(len(line[column]) for line in lines) for column in range(5)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def durations(rows: Iterable[Mapping[str, Any]]) -> str:
    """How long each row took, the longest first."""
    took = {row["row"]: row["row_seconds"] for row in rows}
    parts = [f"{name} {took[name]:g} s" for name in sorted(took, key=lambda n: -took[n])]
    return f"{sum(took.values()) / 60:.1f} min: {', '.join(parts)}"


def markdown(rows: Iterable[Mapping[str, Any]]) -> str:
    """The table of docs/performance.md."""
    lines = ["| what | measured | goal | met | date |", "| --- | --- | --- | --- | --- |"]
    lines += [
        f"| {row['what']} | {row['value']:g} {row['unit']} | {row['goal']} "
        f"| {'yes' if row['met'] else 'no'} | {row['at'][:10]} |"
        for row in rows
    ]
    return "\n".join(lines)


def kept(path: Path = RESULTS) -> list[dict[str, Any]]:
    return list(json.loads(path.read_text())["rows"]) if path.exists() else []


def merged(
    before: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]], order: Iterable[str]
) -> list[Mapping[str, Any]]:
    """`now`, and from `before` the rows that were not measured again, in row order."""
    new = list(now)
    measured = {row["row"] for row in new}
    rows = [*(row for row in before if row["row"] not in measured), *new]
    places = {name: place for place, name in enumerate(order)}
    return sorted(rows, key=lambda row: places.get(row["row"], len(places)))


def write(rows: Iterable[Mapping[str, Any]], path: Path = RESULTS) -> None:
    path.write_text(json.dumps({"rows": list(rows)}, indent=1) + "\n")


def stamp(row: str, figure: Figure, took: float) -> dict[str, Any]:
    """The figure with its row, how long that took, its time and the machine's state."""
    now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")  # noqa: TID251
    machine = {
        "cpus": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
    }
    return {
        "row": row,
        "row_seconds": round(took, 1),
        "at": now,
        **figure.as_json(),
        "machine": machine,
    }


def _rounded(value: Any) -> Any:
    return float(f"{value:.4g}") if isinstance(value, float) else value
