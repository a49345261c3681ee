"""Starts the emulator with the stricter rules in place."""

import sys
from pathlib import Path

# Last, so that nothing here can shadow a module of the emulator.
sys.path[0:1] = []
sys.path.append(str(Path(__file__).resolve().parents[2]))

from ministack.app import main  # noqa: E402 - the path comes first

from testing.emulator import (  # noqa: E402
    alarms,
    batch_responses,
    chains,
    fairness,
    gateway,
    layers,
    limits,
    permissions,
    pollers,
    preflight,
    queries,
    reservations,
    server,
    starts,
    tokens,
    uploads,
)

RULES = (
    *(alarms, batch_responses, chains, fairness, layers, limits, permissions, pollers),
    *(preflight, gateway, queries, reservations, server, starts, tokens),
    uploads,
)
for rule in RULES:
    rule.install()
main()
