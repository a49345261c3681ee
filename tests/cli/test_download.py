"""Fetching the ZIP: whole or not at all, over nothing that is there, with the token at home."""

import io
import json
import zipfile
from pathlib import Path

import pytest

from testing.fake_api import (
    ARCHIVE,
    BATCH,
    DOWNLOAD,
    Answer,
    Cut,
    FakeApi,
    Lost,
    Stall,
    problem,
    status,
    zip_of,
)
from tests.cli.conftest import Cli


def left(cli: Cli) -> set[str]:
    return {path.name for path in cli.home.iterdir()}


@pytest.mark.slow
def test_submit_with_an_output_waits_and_fetches_the_zip(
    cli: Cli, api: FakeApi, sheet: Path
) -> None:
    api.life = [status("queued"), status("completed", done=3)]
    done = cli("submit", sheet, "-o", "new/cars.zip")
    assert done.returncode == 0
    assert (cli.home / "new" / "cars.zip").read_bytes() == api.archive
    assert "new/cars.zip" in done.stdout
    assert "3 files" in done.stdout


@pytest.mark.slow
def test_the_token_does_not_go_to_the_storage(cli: Cli, api: FakeApi) -> None:
    assert cli("download", BATCH, "-o", "cars.zip").returncode == 0
    assert "authorization" in api.sent("GET", DOWNLOAD)[0].headers
    (request,) = api.sent("GET", ARCHIVE)
    assert "authorization" not in request.headers
    assert request.query == {"X-Amz-Signature": "abc"}


def test_download_without_name_is_named_after_the_batch(cli: Cli, api: FakeApi) -> None:
    done = cli("download", BATCH, "--json")
    told = json.loads(done.stdout)
    assert told == {
        "jobId": BATCH,
        "output": f"{BATCH}.zip",
        "size": len(api.archive),
        "entries": 3,
    }
    assert (cli.home / f"{BATCH}.zip").read_bytes() == api.archive


@pytest.mark.slow
def test_existing_file_is_kept_and_nothing_submitted(cli: Cli, api: FakeApi, sheet: Path) -> None:
    (cli.home / "cars.zip").write_text("mine")
    done = cli("submit", sheet, "-o", "cars.zip")
    assert done.returncode == 3
    assert "cars.zip already exists" in done.stderr
    assert "--force" in done.stderr
    assert not api.requests
    assert cli("submit", sheet, "-o", "cars.zip", "--force").returncode == 0
    assert zipfile.is_zipfile(cli.home / "cars.zip")


@pytest.mark.slow
def test_standard_output_gets_the_zip_and_nothing_else(cli: Cli, api: FakeApi, sheet: Path) -> None:
    done = cli("submit", sheet, "-o", "-", text=False)
    assert done.returncode == 0
    assert done.stdout == api.archive
    assert b"3 of 3 images" in done.stderr


@pytest.mark.slow
def test_a_zip_is_not_written_to_a_terminal(cli: Cli, api: FakeApi) -> None:
    import os
    import pty

    ours, theirs = pty.openpty()
    done = cli("download", BATCH, "-o", "-", capture_output=False, stdout=theirs)
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 3
    assert not api.requests


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Cut(), Lost(), Answer(503), Answer(403), Answer(200, b"no zip")])
def test_a_broken_download_starts_anew_with_a_fresh_address(
    cli: Cli, api: FakeApi, fault: Cut | Lost | Answer
) -> None:
    api.script("GET", ARCHIVE, fault)
    assert cli("download", BATCH, "-o", "cars.zip").returncode == 0
    assert (cli.home / "cars.zip").read_bytes() == api.archive
    assert len(api.sent("GET", DOWNLOAD)) == 2
    assert left(cli) == {"cars.zip"}


@pytest.mark.slow
@pytest.mark.parametrize("fault", [Cut(), Answer(200, b"<Error>AccessDenied</Error>")])
def test_a_download_that_stays_broken_leaves_no_half_file(
    cli: Cli, api: FakeApi, fault: Cut | Answer
) -> None:
    api.script("GET", ARCHIVE, *[fault] * 9)
    (cli.home / "cars.zip").write_text("the old one")
    done = cli("download", BATCH, "-o", "cars.zip", "--force")
    assert done.returncode == 4
    assert "could not be downloaded" in done.stderr
    assert left(cli) == {"cars.zip"}
    assert (cli.home / "cars.zip").read_text() == "the old one"


@pytest.mark.slow
def test_a_broken_archive_does_not_reach_standard_output(cli: Cli, api: FakeApi) -> None:
    api.script("GET", ARCHIVE, *[Cut()] * 9)
    done = cli("download", BATCH, "-o", "-", text=False)
    assert done.returncode == 4
    assert done.stdout == b""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "expected"), [("SIGINT", 130), ("SIGTERM", 143)])
def test_a_stopped_download_leaves_no_half_file(
    cli: Cli, api: FakeApi, name: str, expected: int
) -> None:
    import signal

    stall = Stall()
    api.archive = zip_of(*(f"{n}.png" for n in range(40)))
    api.script("GET", ARCHIVE, stall)
    process = cli.start("download", BATCH, "-o", "cars.zip")
    api.await_request("GET", ARCHIVE)
    while not (cli.home / "cars.zip.part").exists():
        assert process.poll() is None
    process.send_signal(signal.Signals[name])
    _, err = process.communicate(timeout=30)
    stall.go.set()
    assert process.returncode == expected
    assert "Traceback" not in err
    assert left(cli) == set()


@pytest.mark.slow
@pytest.mark.parametrize(("code", "told"), [(409, "Not ready"), (410, "Archive expired")])
def test_an_archive_that_is_not_there_exits_3(cli: Cli, api: FakeApi, code: int, told: str) -> None:
    api.answers["GET", DOWNLOAD] = problem(code, told)
    done = cli("download", BATCH)
    assert done.returncode == 3
    assert told in done.stderr
    assert left(cli) == set()


@pytest.mark.slow
def test_an_archive_without_images_is_fetched_too(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.life = [status("failed", failed=3)]
    api.archive = zip_of("failed_rows.json")
    done = cli("submit", sheet, "-o", "-", text=False)
    assert done.returncode == 2
    assert zipfile.ZipFile(io.BytesIO(done.stdout)).namelist() == ["failed_rows.json"]


@pytest.mark.slow
def test_batch_without_archive_names_the_fix(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.life = [status("failed", done=3, zipUrl=None)]
    done = cli("submit", sheet, "-o", "cars.zip")
    assert done.returncode == 2
    assert f"imagebatch retry {BATCH}" in done.stderr
    assert left(cli) == {"cars.csv"}
