"""Starts the emulator with the stricter rules in place."""

import sys
from pathlib import Path

# Last, so that nothing here can stand for a module of the emulator.
sys.path[0:1] = []
sys.path.append(str(Path(__file__).resolve().parents[2]))

from ministack.app import main  # noqa: E402 - the path comes first

from testing.emulator import alarms, chains, limits, permissions, preflight, reservations  # noqa: E402

for rule in (alarms, chains, limits, permissions, preflight, reservations):
    rule.install()
main()
