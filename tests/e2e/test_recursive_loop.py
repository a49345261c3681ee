"""The worker feeds its own queue. The emulator stops such a chain as Lambda does, unless the
template says that it is meant.
"""

import json
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from testing.batches import finished, sheet, started, status
from tests.cli.conftest import Cli, environment
from tests.conftest import Aws, Stack
from tests.e2e.conftest import MAX_ROWS


def dropped(cloudwatch: Any, function: str) -> bool:
    found = cloudwatch.list_metrics(MetricName="RecursiveInvocationsDropped")["Metrics"]
    return {"Name": "FunctionName", "Value": function} in [
        d for m in found for d in m["Dimensions"]
    ]


@pytest.mark.parametrize("rows", [60, pytest.param(MAX_ROWS, marks=pytest.mark.soak)])
def test_every_row_of_a_long_sheet_is_made(
    live_stack: Stack, aws: Aws, tmp_path: Path, rows: int
) -> None:
    cars = tmp_path / "cars.csv"
    cars.write_text(sheet(*(f"Loop {row}" for row in range(rows))))
    cli = Cli(environment(IMAGEBATCH_URL=live_stack["apiUrl"]), tmp_path)

    done = cli("submit", cars, "--wait", "--json", timeout=300)

    assert done.returncode == 0, done.stderr
    final = json.loads(done.stdout)
    assert (final["done"], final["total"], final["failed"]) == (rows, rows, 0)
    assert not dropped(aws("cloudwatch", live_stack), live_stack["functions"]["WorkerFunction"])


def test_without_recursive_loop_lambda_stops_a_batch(live_stack: Stack, aws: Aws) -> None:
    """Why the template says `RecursiveLoop: Allow`: a batch of 60 rows stands still without it."""
    worker = live_stack["functions"]["WorkerFunction"]
    client, cloudwatch = aws("lambda", live_stack), aws("cloudwatch", live_stack)
    with httpx.Client(base_url=live_stack["apiUrl"], timeout=60) as api:
        client.put_function_recursion_config(FunctionName=worker, RecursiveLoop="Terminate")
        try:
            batch = started(api, sheet(*(f"Stopped {row}" for row in range(60))))
            deadline = time.monotonic() + 60
            while not dropped(cloudwatch, worker):
                assert time.monotonic() < deadline, status(api, batch)
                time.sleep(0.2)
            assert status(api, batch)["done"] < 60
        finally:
            client.put_function_recursion_config(FunctionName=worker, RecursiveLoop="Allow")
        assert finished(api, batch)["done"] == 60
