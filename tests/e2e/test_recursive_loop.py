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
from tests.conftest import Aws, Stack, Stacks


@pytest.fixture(scope="module")
def large(stacks: Stacks) -> Stack:
    return stacks(MaxRows=200, WorkerTimeoutSeconds=20)


def dropped(cloudwatch: Any, function: str) -> bool:
    found = cloudwatch.list_metrics(MetricName="RecursiveInvocationsDropped")["Metrics"]
    return {"Name": "FunctionName", "Value": function} in [
        d for m in found for d in m["Dimensions"]
    ]


def test_200_rows_end_200_of_200(large: Stack, aws: Aws, tmp_path: Path) -> None:
    cars = tmp_path / "cars.csv"
    cars.write_text(sheet(*(f"Loop {row}" for row in range(200))))
    cli = Cli(environment(IMAGEBATCH_URL=large["apiUrl"]), tmp_path)

    done = cli("submit", cars, "--wait", "--json", timeout=300)

    assert done.returncode == 0, done.stderr
    final = json.loads(done.stdout)
    assert (final["done"], final["total"], final["failed"]) == (200, 200, 0)
    assert not dropped(aws("cloudwatch", large), large["functions"]["WorkerFunction"])


def test_without_recursive_loop_lambda_stops_a_batch(large: Stack, aws: Aws) -> None:
    """Why the template says `RecursiveLoop: Allow`: a batch of 60 rows stands still without it."""
    worker = large["functions"]["WorkerFunction"]
    client, cloudwatch = aws("lambda", large), aws("cloudwatch", large)
    with httpx.Client(base_url=large["apiUrl"], timeout=60) as api:
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
