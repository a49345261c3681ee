"""The installed command against the deployed stack: what a person types, and what it comes to."""

import contextlib
import json
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from httpx_sse import EventSource

from imagebatch_cli.api import Api
from imagebatch_cli.transport import Transport
from imagebatch_cli.watch import Progress
from tests.cli.conftest import CARS, ROOT, Cli, environment
from tests.conftest import Stack

SAMPLE = ROOT / "events" / "cars.csv"
HEADER = "make,model,aspect_ratio\n"


@pytest.fixture
def cli(stack: Stack, tmp_path: Path) -> Cli:
    return Cli(environment(IMAGEBATCH_URL=stack["apiUrl"]), tmp_path)


def needs(stack: Stack, path: str) -> None:
    routes = httpx.get(f"{stack['apiUrl']}/openapi.json", timeout=30).json()["paths"]
    if path not in routes:
        pytest.skip(f"this stack has no {path} yet")


def run(cli: Cli, *words: str | Path) -> tuple[int, dict[str, Any]]:
    """Exit status and the JSON document."""
    done: subprocess.CompletedProcess[str] = cli(*words, "--json", timeout=240)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.csv"
    path.write_text(CARS)
    return path


def test_the_sample_sheet_becomes_a_zip(cli: Cli) -> None:
    code, final = run(cli, "submit", SAMPLE, "--wait", "-o", "cars.zip")
    assert code == 0
    assert final["outcome"] == "all_succeeded"
    assert final["done"] == final["total"] > 1
    with zipfile.ZipFile(cli.home / "cars.zip") as archive:
        assert archive.testzip() is None
        names = archive.namelist()
    images = [name for name in names if name.endswith((".png", ".jpg", ".webp"))]
    assert len(images) == final["total"]
    assert {"results.csv", "index.html"} <= set(names)


def test_a_person_sees_progress_and_the_end(cli: Cli, small: Path) -> None:
    done = cli("submit", small, "-o", "cars.zip", timeout=240)
    assert done.returncode == 0
    assert "100%" in done.stderr
    assert "3 of 3 images" in done.stdout
    assert zipfile.is_zipfile(cli.home / "cars.zip")


def test_events_of_the_service_are_followed(stack: Stack, cli: Cli, small: Path) -> None:
    if "ProgressFunction" not in stack["functions"]:
        pytest.skip("the template has no ProgressFunction yet")
    batch = run(cli, "submit", small, "--wait")[1]["jobId"]
    transport = Transport(stack["apiUrl"], None, retry_seconds=10, notify=print)
    with contextlib.closing(transport), Api(transport).events(batch, "") as response:
        events = list(EventSource(response).iter_sse())
    end = Progress.of(json.loads(events[-1].data))
    assert events[-1].event == "completed"
    assert (end.status, end.succeeded, end.total) == ("completed", 3, 3)
    assert [e.event for e in events].count("item") == 3
    assert events[0].retry


def test_a_finished_batch_is_found_shown_and_fetched_again(cli: Cli, small: Path) -> None:
    _, final = run(cli, "submit", small, "--wait", "--name", "Found again")
    batch = final["jobId"]
    assert run(cli, "status", batch)[1]["name"] == "Found again"
    assert run(cli, "watch", batch)[0] == 0
    listed = run(cli, "list", "--kind", "cars", "--status", "completed", "--limit", "100")[1]
    assert batch in [item["jobId"] for item in listed["items"]]
    code, fetched = run(cli, "download", batch)
    assert code == 0
    assert (cli.home / f"{batch}.zip").stat().st_size == fetched["size"]
    assert batch in cli("status", batch).stdout
    assert batch in cli("list", "--limit", "100").stdout


def test_what_a_finished_batch_cannot_do_exits_3(cli: Cli, small: Path) -> None:
    batch = run(cli, "submit", small, "--wait")[1]["jobId"]
    assert run(cli, "cancel", batch)[0] == 3
    assert run(cli, "retry", batch)[0] == 3
    assert run(cli, "status", "no-such-batch")[0] == 3


def test_the_same_key_is_the_same_batch(cli: Cli, small: Path) -> None:
    first = run(cli, "submit", small, "--idempotency-key", "cli-once")[1]
    assert run(cli, "submit", small, "--idempotency-key", "cli-once")[1] == first
    code, refused = run(cli, "submit", small, "--idempotency-key", "cli-once", "--name", "other")
    assert code == 3
    assert refused["status"] == 422


def test_a_validation_shows_names_and_price_and_makes_nothing(cli: Cli, small: Path) -> None:
    before = run(cli, "list", "--limit", "100")[1]["items"]
    code, plan = run(cli, "validate", small)
    assert code == 0
    assert plan["total"] == 3
    assert plan["items"][0]["file"].startswith("Toyota-Corolla-2024")
    assert "Toyota-Corolla-2024" in cli("validate", small, "--rows").stdout
    assert len(run(cli, "list", "--limit", "100")[1]["items"]) == len(before)


def test_invalid_rows_are_listed_with_what_to_write_instead(cli: Cli, tmp_path: Path) -> None:
    sheet = tmp_path / "invalid.csv"
    sheet.write_text(HEADER + "BMW,M3,16x9\nKia,Rio,2:1\n")
    done = cli("validate", sheet)
    assert done.returncode == 3
    assert "Invalid rows" in done.stderr
    assert "aspect_ratio" in done.stderr
    code, refused = run(cli, "submit", sheet)
    assert code == 3
    assert refused["details"]


def test_skipped_rows_exit_1(cli: Cli, tmp_path: Path) -> None:
    sheet = tmp_path / "invalid.csv"
    sheet.write_text(HEADER + "BMW,M3,16:9\nKia,Rio,nonsense\n")
    code, final = run(cli, "submit", sheet, "--skip-invalid", "--wait")
    assert code == 1
    assert (final["done"], final["failed"]) == (1, 1)
    code, final = run(cli, "watch", final["jobId"], "-o", "rest.zip")
    assert code == 1
    with zipfile.ZipFile(cli.home / "rest.zip") as archive:
        assert json.loads(archive.read("failed_rows.json"))[0]["row"] == 3


def test_an_estimate_over_the_cap_exits_3(cli: Cli, small: Path) -> None:
    code, refused = run(cli, "submit", small, "--max-cost", "0.01")
    assert code == 3
    assert refused["status"] == 402


def test_sheet_over_the_body_limit_is_uploaded(stack: Stack, cli: Cli, tmp_path: Path) -> None:
    needs(stack, "/api/uploads")
    sheet = tmp_path / "large.csv"
    sheet.write_text(CARS + "\n" * 4_300_000)
    code, final = run(cli, "submit", sheet, "--wait")
    assert code == 0
    assert final["done"] == 3


def test_a_catalog_is_imported(stack: Stack, cli: Cli, tmp_path: Path) -> None:
    needs(stack, "/api/variants")
    catalog = tmp_path / "catalog.csv"
    header = "variantId,variantTitle,productId,productTitle,imageUrl\n"
    catalog.write_text(header + "9001,Blau,90,Stuhl,https://example.com/stuhl.png\n")
    assert cli("variants", "import", catalog).returncode == 0
