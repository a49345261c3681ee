"""A folder like the batch: whole files only, each fetched once, whatever breaks off in between."""

import json
import signal
import time
import zlib
from pathlib import Path
from typing import Any

import pytest

from testing.api_requests import Request
from testing.fake_api import BATCH, EVENTS, Answer, Cut, FakeApi, event, status, stream
from tests.cli.conftest import Cli, environment

ITEMS = f"/api/v1/batch/{BATCH}/status"
SIZE = 60


class Pictures(FakeApi):
    """A batch of 60 images; `made` says how many of them there are."""

    def __init__(self) -> None:
        super().__init__()
        self.made = SIZE
        self.bodies = [b"image %d " % n * 5_000 for n in range(SIZE)]
        self.life = [status("completed", total=SIZE, done=SIZE)]

    def _answer(self, request: Request) -> Answer:
        if request.path == ITEMS:
            start, limit = int(request.query["cursor"]), int(request.query["limit"])
            items = [self.item(n) for n in range(start, min(SIZE, start + limit))]
            return Answer(200, {"batch_id": BATCH, "items": items, "next_cursor": None})
        if request.path.startswith(f"/api/v1/batch/{BATCH}/items/row-"):
            return Answer(200, self.item(int(request.path[-4:]) - 2))
        if request.path.startswith("/images/"):
            return Answer(200, self.bodies[int(request.path.rpartition("/")[2])])
        return super()._answer(request)

    def item(self, n: int) -> dict[str, Any]:
        there, body = n < self.made, self.bodies[n]
        return {
            "index": n,
            "custom_id": f"row-{n + 2:04d}",
            "status": "succeeded" if there else "pending",
            "file": f"car-{n}.png" if there else None,
            "url": f"{self.url}/images/{n}?X-Amz-Signature=abc" if there else None,
            "size": len(body) if there else None,
            "crc32": f"{zlib.crc32(body):08x}" if there else None,
        }

    def fetched(self) -> list[str]:
        return [r.path for r in self.requests if r.path.startswith("/images/")]


@pytest.fixture
def api() -> Any:
    with Pictures() as running:
        yield running


@pytest.fixture
def cli(api: Pictures, tmp_path: Path) -> Cli:
    config = str(tmp_path / "config")
    return Cli(
        environment(IMAGEBATCH_URL=api.url, IMAGEBATCH_TOKEN="t", IMAGEBATCH_CONFIG_DIR=config),
        tmp_path,
    )


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix}


def whole(api: Pictures) -> dict[str, bytes]:
    return {f"car-{n}.png": body for n, body in enumerate(api.bodies)}


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_sync_killed_and_started_again_fetches_nothing_twice(
    cli: Cli, api: Pictures, how: signal.Signals
) -> None:
    folder = cli.home / "images"
    running = cli.start("sync", BATCH, folder)
    while len([*folder.glob("*.png")] if folder.exists() else []) < SIZE // 3:
        assert running.poll() is None, "it has ended by itself"
        time.sleep(0.005)
    running.send_signal(how)
    running.communicate(timeout=30)
    done_before = {path.name for path in folder.glob("*.png")}
    assert len(done_before) < SIZE, "it was over before it could be killed"
    before = len(api.requests)
    again = cli("sync", BATCH, folder, "--json")
    assert again.returncode == 0, again.stderr
    assert files(folder) == whole(api)
    told = json.loads(again.stdout)
    assert told == {"jobId": BATCH, "fetched": SIZE - len(done_before), "kept": len(done_before)}
    later = [r.path for r in api.requests[before:] if r.path.startswith("/images/")]
    assert len(later) == len(set(later)) == SIZE - len(done_before)
    assert not [*folder.glob("*.part")]


@pytest.mark.slow
def test_images_are_written_as_they_land(cli: Cli, api: Pictures) -> None:
    api.made = 10
    api.life = [status(total=SIZE, done=10), status("completed", total=SIZE, done=SIZE)]
    folder = cli.home / "images"
    running = cli.start("sync", BATCH, folder)
    api.await_request("GET", EVENTS)
    assert len(files(folder)) == 10
    api.made = SIZE
    told = [event(2 * n, "item", {"index": n}) for n in range(10, SIZE)]
    api.script("GET", EVENTS, stream(*told), stream(event(999, "completed", {})))
    running.communicate(timeout=60)
    assert running.returncode == 0
    assert files(folder) == whole(api)
    assert len(api.fetched()) == SIZE


@pytest.mark.slow
def test_follow_fetches_what_a_later_round_changes(cli: Cli, api: Pictures) -> None:
    folder = cli.home / "images"
    running = cli.start("sync", BATCH, folder, "--follow")
    assert running.stdout is not None
    try:
        assert "60 images, 60 downloaded" in running.stdout.readline()
        api.bodies[7] = b"made again " * 5_000
        api.life = [
            status("processing", round=2, total=SIZE, done=SIZE - 1),
            status("completed", round=2, total=SIZE, done=SIZE),
        ]
        api.script("GET", EVENTS, stream(event(1, "completed", {})))
        assert "60 images, 60 downloaded" in running.stdout.readline()
        assert files(folder) == whole(api)
        assert len(api.fetched()) == SIZE + 1
        assert running.poll() is None, "it has ended by itself"
    finally:
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert f"imagebatch sync {BATCH} {folder} --follow" in " ".join(said.split())


@pytest.mark.slow
def test_a_changed_image_alone_is_fetched_again(cli: Cli, api: Pictures) -> None:
    folder = cli.home / "images"
    assert cli("sync", BATCH, folder).returncode == 0
    api.bodies[7] = b"made again " * 5_000
    assert json.loads(cli("sync", BATCH, folder, "--json").stdout)["fetched"] == 1
    assert files(folder) == whole(api)


@pytest.mark.slow
def test_a_damaged_download_is_fetched_again(cli: Cli, api: Pictures) -> None:
    api.script("GET", "/images/3", Cut(), Answer(200, b"something else"))
    assert cli("sync", BATCH, cli.home / "images").returncode == 0
    assert files(cli.home / "images") == whole(api)
    assert api.fetched().count("/images/3") == 3


@pytest.mark.slow
def test_an_image_that_stays_damaged_leaves_no_file(cli: Cli, api: Pictures) -> None:
    api.script("GET", "/images/3", *[Answer(200, b"something else")] * 9)
    done = cli("sync", BATCH, cli.home / "images")
    assert done.returncode == 4
    assert "CRC-32" in done.stderr
    assert not [*(cli.home / "images").glob("car-3.png*")]


def test_a_folder_of_another_batch_is_left_alone(cli: Cli, api: Pictures) -> None:
    folder = cli.home / "images"
    folder.mkdir()
    (folder / ".imagebatch").write_text("0" * 32)
    done = cli("sync", BATCH, folder)
    assert done.returncode == 3
    assert "Choose another folder" in done.stderr
    assert not api.fetched()


@pytest.mark.slow
def test_the_token_does_not_go_to_the_storage(cli: Cli, api: Pictures) -> None:
    cli("sync", BATCH, cli.home / "images")
    assert all("authorization" not in api.sent("GET", path)[0].headers for path in api.fetched())
