"""Following a batch: by events or by polling, on a terminal or not, to an exit status."""

import itertools
import json
import signal
from pathlib import Path

import pytest

from imagebatch_cli.watch import Progress
from testing.fake_api import (
    BATCH,
    EVENTS,
    STATUS,
    Answer,
    FakeApi,
    Lost,
    event,
    problem,
    status,
    stream,
)
from tests.cli.conftest import COLOURS, ESCAPES, Cli

MOVING = [status(), status(done=1), status("archiving", done=2, failed=1)]
PARTIAL = status(
    "completed",
    done=2,
    failed=1,
    errors=[
        {
            "row": 3,
            "customId": "row-0003",
            "code": "content_refused",
            "reason": "The provider refused the prompt",
            "retryable": False,
        }
    ],
)
PROGRESS = {
    "batch_id": BATCH,
    "status": "processing",
    "total": 3,
    "pending": 1,
    "processing": 0,
    "succeeded": 2,
    "failed": 0,
    "cancelled": 0,
    "percent": 67,
    "cost": "0.10",
    "eta": None,
    "waiting_for": {"reason": "provider_rate_limit", "until": "2026-11-20T09:00:00Z"},
    "mode": "development",
}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("final", "expected"),
    [
        (status("completed", done=3), 0),
        (status("completed", done=2, failed=1), 1),
        (status("failed", failed=3), 2),
        (status("failed", done=3, zipUrl=None), 2),
        (status("cancelled", done=1, cancelled=2), 1),
        (status("cancelled", cancelled=3), 2),
        (status("expired", done=3, zipUrl=None), 0),
    ],
)
def test_the_exit_status_tells_the_outcome(
    cli: Cli, api: FakeApi, final: dict[str, object], expected: int
) -> None:
    api.life = [final]
    assert cli("watch", BATCH).returncode == expected
    assert cli("status", BATCH).returncode == expected


def test_a_running_batch_has_a_good_status_so_far(cli: Cli, api: FakeApi) -> None:
    api.life = [status(done=1, failed=1)]
    done = cli("status", BATCH)
    assert done.returncode == 0
    assert "1 of 3 images, 1 failed, 1 pending" in done.stdout


def test_an_unknown_batch_exits_3(cli: Cli) -> None:
    done = cli("watch", "unknown")
    assert done.returncode == 3
    assert "Job not found" in done.stderr


@pytest.mark.slow
def test_batch_is_polled_to_its_end_without_events(cli: Cli, api: FakeApi) -> None:
    api.life = [*MOVING, PARTIAL]
    cli.short_pauses = False
    done = cli("watch", BATCH)
    assert done.returncode == 1
    assert "2 of 3 images, 1 failed" in done.stdout
    assert "The provider refused the prompt" in done.stdout
    assert "processing: 33%, 1 of 3 images, 2 pending, $0.10" in done.stderr
    polled = [request.at for request in api.sent("GET", STATUS)][1:]
    assert all(later - earlier >= 1 for earlier, later in itertools.pairwise(polled))


@pytest.mark.slow
def test_events_are_followed_over_many_answers_without_polling(cli: Cli, api: FakeApi) -> None:
    api.life = [status(), status("completed", done=3)]
    api.script(
        "GET",
        EVENTS,
        stream(
            event(4, "item", {"index": 0, "status": "succeeded"}), event(5, "progress", PROGRESS)
        ),
        stream(event(9, "completed", {"batch_id": BATCH, "status": "completed"})),
    )
    cli.short_pauses = False
    done = cli("watch", BATCH)
    assert done.returncode == 0
    assert "67%, 2 of 3 images, 1 pending, $0.10, waiting for provider_rate_limit" in done.stderr
    assert len(api.sent("GET", STATUS)) == 2
    first, second = api.sent("GET", EVENTS)
    assert first.headers["accept"] == "text/event-stream"
    assert "last-event-id" not in first.headers
    assert second.headers["last-event-id"] == "5"
    assert second.at - first.at >= 0.1


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        Answer(204, b""),
        Answer(429, {}, {"Retry-After": "1"}),
        Answer(501),
        Answer(200, {"hello": 1}),
        stream("id: 1\nevent: progress\ndata: {not json"),
        stream(event(1, "completed", {"round": 1})),
    ],
)
def test_whatever_becomes_of_the_events_polling_goes_on(
    cli: Cli, api: FakeApi, answer: Answer
) -> None:
    api.life = [status(), status(done=1), status("completed", done=3)]
    api.answers["GET", EVENTS] = answer
    assert cli("watch", BATCH, "--no-progress").returncode == 0
    assert len(api.sent("GET", STATUS)) == 3


@pytest.mark.slow
def test_a_silent_stream_does_not_hide_the_end(cli: Cli, api: FakeApi) -> None:
    api.life = [status(), status(), status("completed", done=3)]
    api.answers["GET", EVENTS] = stream()
    assert cli("watch", BATCH).returncode == 0


@pytest.mark.slow
def test_lost_connections_are_survived(cli: Cli, api: FakeApi) -> None:
    api.life = [*MOVING, status("completed", done=3)]
    api.script("GET", EVENTS, Lost(), Lost(), Lost())
    api.script("GET", STATUS, Answer(503), Lost(), Answer(500, b"<html>"))
    assert cli("watch", BATCH).returncode == 0


@pytest.mark.slow
def test_unavailable_service_exits_4_and_batch_continues(
    cli: Cli, api: FakeApi, sheet: Path
) -> None:
    api.answers["GET", STATUS] = problem(503, "Unavailable")
    done = cli("--retry-timeout", "1", "submit", sheet, "--wait", "--json")
    assert done.returncode == 4
    assert json.loads(done.stdout)["jobId"] == BATCH


@pytest.mark.slow
def test_ctrl_c_stops_the_waiting_and_not_the_batch(cli: Cli, api: FakeApi, sheet: Path) -> None:
    api.life = [status(done=1)]
    process = cli.start("submit", sheet, "-o", "cars.zip")
    api.await_request("GET", STATUS)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert out == ""
    assert f"imagebatch watch {BATCH}" in err
    assert f"imagebatch cancel {BATCH}" in err
    assert "Traceback" not in err
    assert not (cli.home / "cars.zip").exists()


@pytest.mark.slow
def test_a_terminal_gets_a_live_bar(cli: Cli, api: FakeApi) -> None:
    api.life = [*MOVING, PARTIAL]
    code, out, seen = cli.on_terminal("watch", BATCH)
    assert code == 1
    assert "2 of 3 images, 1 failed" in out
    assert "\x1b" not in out
    shown = ESCAPES.sub("", seen)
    for told in ("processing", "33%", "100%", "1 of 3 images", "archiving", "━"):
        assert told in shown
    assert COLOURS.search(seen)
    assert seen.count("\x1b[?25l") == seen.count("\x1b[?25h") == 1


@pytest.mark.slow
def test_no_color_is_obeyed(cli: Cli, api: FakeApi) -> None:
    api.life = [status(done=1), status("failed", failed=3)]
    cli.env["NO_COLOR"] = "1"
    _, _, seen = cli.on_terminal("watch", BATCH)
    assert "33%" in seen
    assert not COLOURS.search(seen)


@pytest.mark.slow
def test_a_narrow_terminal_is_not_overrun(cli: Cli, api: FakeApi) -> None:
    api.life = [status(done=1, mode="development"), status("completed", done=3)]
    _, _, seen = cli.on_terminal("watch", BATCH, columns=30)
    lines = ESCAPES.sub("", seen).replace("\r", "\n").split("\n")
    assert max(len(line) for line in lines) <= 30


@pytest.mark.slow
def test_a_pipe_gets_no_control_characters(cli: Cli, api: FakeApi) -> None:
    api.life = [*MOVING, PARTIAL]
    done = cli("watch", BATCH)
    assert "\x1b" not in done.stderr + done.stdout
    assert "\r" not in done.stderr + done.stdout


@pytest.mark.slow
def test_no_progress_is_silent_until_the_end(cli: Cli, api: FakeApi) -> None:
    api.life = [*MOVING, status("completed", done=3)]
    done = cli("watch", BATCH, "--no-progress", "--json")
    assert done.stderr == ""
    assert json.loads(done.stdout)["status"] == "completed"


def test_a_status_and_an_event_read_alike() -> None:
    read = Progress.of(PROGRESS)
    assert read == Progress.of(
        status(
            done=2,
            percent=67,
            mode="development",
            waitingFor={"reason": "provider_rate_limit", "until": "2026-11-20T09:00:00Z"},
        )
    )
