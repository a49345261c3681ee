"""The time and memory to read a workbook of 10,000 rows."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.environment import BenchEnvironment
from bench.report import Figure
from testing.workbooks import workbook

COLUMNS = ("make", "model", "body_style", "trim", "year", "color", "background", "custom_id")
ROWS = 10_000
# In a separate process, so that the peak is its own.
PROGRAM = """
import json, resource, sys, time
from imagebatch.intake.sheet import read_sheet
body = open(sys.argv[1], "rb").read()
start = time.perf_counter()
sheet = read_sheet(body, max_rows=10_000)
seconds = time.perf_counter() - start
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({"rows": len(sheet.rows), "seconds": seconds, "MB": peak / 1024}))
"""


def measure(environment: BenchEnvironment) -> Iterator[Figure]:
    rows = 100 if environment.tiny else ROWS
    found = reading_of(rows)
    assert found["rows"] == rows
    for unit, goal in (("seconds", 3), ("MB", 300)):
        yield Figure(
            what=f"reading a workbook of {ROWS:,} rows and {len(COLUMNS)} columns",
            value=found[unit],
            goal=goal,
            unit="s" if unit == "seconds" else unit,
            detail=found,
        )


def reading_of(rows: int) -> dict[str, Any]:
    table = [("Škoda", "Octavia", "estate", "RS", 2024, "red", "hub", f"A{n}") for n in range(rows)]
    with TemporaryDirectory() as folder:
        file = Path(folder) / "cars.xlsx"
        file.write_bytes(workbook([COLUMNS, *table]))
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(file)], check=True, capture_output=True, text=True
        )
    return dict(json.loads(done.stdout))
