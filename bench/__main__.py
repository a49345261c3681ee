"""`make bench`: measures every row, prints one table and writes bench/results.json.

python -m bench                          everything; half an hour on a quiet machine
python -m bench sizes cold_start         some rows
python -m bench --tiny                   every row in a size that only shows that it works
python -m bench --full many              10,000 rows to their end; twenty minutes
python -m bench --show                   what was measured last
python -m bench --document               the same into docs/performance.md and its drawing
"""

import argparse
import json
import signal
import sys
import time
import traceback
from collections.abc import Sequence
from importlib import import_module
from typing import Any

from bench import document, report
from bench.environment import BenchEnvironment
from bench.report import ROWS


def main() -> int:
    given = arguments()
    if given.document:
        document.write(ROWS)
    if given.show or given.document:
        print(report.table(report.kept()))
        return 0
    # A terminated run ends its emulators as an interrupted one does.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with BenchEnvironment(tiny=given.tiny, full=given.full) as environment:
        measured, broken = run(environment, given.rows or ROWS)
    if given.details:
        print(json.dumps(measured, indent=1))
    print(report.table(measured))
    print(report.durations(measured))
    if broken:
        print(f"not measured: {', '.join(broken)}", file=sys.stderr)
    if given.tiny:
        return int(bool(broken))
    document.write(ROWS)
    return 1 if broken or not all(row["met"] for row in measured) else 0


def run(
    environment: BenchEnvironment, names: Sequence[str]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the figures, which are stored after each row, and the names of the rows that broke."""
    measured: list[dict[str, Any]] = []
    broken = []
    for name in names:
        print(f"measuring {name} ...", file=sys.stderr, flush=True)
        try:
            figures = row(environment, name)
        except Exception:  # noqa: BLE001 - one row that breaks must not take the others along
            traceback.print_exc()
            broken.append(name)
            continue
        measured += figures
        if not environment.tiny:
            report.write(report.merged(report.kept(), measured, ROWS))
    return measured, broken


def row(environment: BenchEnvironment, name: str) -> list[dict[str, Any]]:
    began = time.monotonic()
    figures = list(import_module(f"bench.{name}").measure(environment))
    took = time.monotonic() - began
    rows = [report.stamp(name, figure, took) for figure in figures]
    print(f"{report.table(rows)}\n... {name} took {took:.0f} s", file=sys.stderr, flush=True)
    return rows


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("rows", nargs="*", metavar="row", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--tiny", action="store_true", help="small sizes, nothing is written")
    parser.add_argument("--full", action="store_true", help="10,000 rows to their end")
    parser.add_argument("--details", action="store_true", help="print what figures are made of")
    parser.add_argument("--show", action="store_true", help="print the results that are kept")
    parser.add_argument("--document", action="store_true", help="write them into the docs")
    given = parser.parse_args()
    if unknown := set(given.rows) - set(ROWS):
        parser.error(f"no such row: {', '.join(sorted(unknown))}")
    return given


if __name__ == "__main__":
    sys.exit(main())
