"""Make again, choose, share: what is sent, what is said, and the ZIP that follows a choice."""

import json

import pytest

from testing.fake_api import BATCH, DOWNLOAD, Answer, FakeApi, problem, status
from tests.cli.conftest import Cli

REDO, RETRY = f"/api/batches/{BATCH}/redo", f"/api/batches/{BATCH}/retry"
CHOICE = f"/api/v1/batch/{BATCH}/items/row-0007/choice"
SHARE, ARCHIVE = f"/api/batches/{BATCH}/share", f"/api/batches/{BATCH}/archive"
LINK = {
    "id": "5" * 32,
    "url": f"https://images.example.com/shared/{'5' * 32}#token",
    "token": "token",
    "createdAt": "2026-11-20T08:00:00.000Z",
    "expiresAt": "2026-11-22T08:00:00.000Z",
}


def archive(state: str, *, outdated: bool = False) -> dict[str, object]:
    return {"state": state, "outdated": outdated, "builtAt": None, "expiresAt": None}


def test_redo_sends_the_items_with_what_is_to_change(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", REDO] = Answer(202, status(round=2))
    options = ["--note", "wheels straight", "--seed", "7", "--model", "m", "--max-cost", "2"]
    done = cli(
        "redo", BATCH, "row-0007", "row-0009", *options, "--fallback", "a", "--fallback", "b"
    )
    assert done.returncode == 0, done.stderr
    assert "round 2, 2 items" in done.stdout
    (request,) = api.sent("POST", REDO)
    assert request.json() == {
        "items": ["row-0007", "row-0009"],
        "note": "wheels straight",
        "seed": 7,
        "model": "m",
        "maxCost": "2",
        "fallback": ["a", "b"],
    }
    assert request.headers["idempotency-key"]


@pytest.mark.slow
def test_redo_waits_and_fetches_the_zip(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", REDO] = Answer(202, status(round=2))
    api.life = [status(round=2), status("completed", done=3, round=2)]
    assert cli("redo", BATCH, "row-0007", "-o", "cars.zip").returncode == 0
    assert (cli.home / "cars.zip").read_bytes() == api.archive


def test_a_redo_over_the_cap_exits_3(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", REDO] = problem(402, "Estimated cost is over the maximum cost")
    done = cli("redo", BATCH, "row-0007")
    assert done.returncode == 3
    assert "over the maximum cost" in done.stderr


@pytest.mark.slow
def test_retry_takes_another_model_and_a_new_cap(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", RETRY] = Answer(202, status(round=2))
    options = ["--model", "m", "--fallback", "a", "--quality", "hd", "--max-cost", "3.50"]
    assert cli("retry", BATCH, *options).returncode == 0
    assert cli("retry", BATCH).returncode == 0
    first, second = api.sent("POST", RETRY)
    assert first.json() == {"model": "m", "fallback": ["a"], "quality": "hd", "maxCost": "3.50"}
    assert second.json() == {}


@pytest.mark.slow
def test_choose_says_what_is_chosen(cli: Cli, api: FakeApi) -> None:
    api.answers["PUT", CHOICE] = Answer(200, {"custom_id": "row-0007", "version_count": 2})
    done = cli("choose", BATCH, "row-0007", "1")
    assert done.returncode == 0
    assert "row-0007: version 1 of 2 is chosen" in done.stdout
    assert api.sent("PUT", CHOICE)[0].json() == {"version": 1}
    assert json.loads(cli("choose", BATCH, "row-0007", "1", "--json").stdout)["versionCount"] == 2


def test_a_version_that_is_not_there_exits_3(cli: Cli, api: FakeApi) -> None:
    api.answers["PUT", CHOICE] = problem(422, "Unknown version")
    assert cli("choose", BATCH, "row-0007", "9").returncode == 3


@pytest.mark.slow
def test_download_has_an_outdated_zip_built_again_first(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", ARCHIVE] = Answer(202, status("completed", archive=archive("building")))
    api.life = [
        status("completed", archive=archive("ready", outdated=True)),
        status("completed", archive=archive("building")),
        status("completed", archive=archive("ready")),
    ]
    assert cli("download", BATCH, "-o", "cars.zip").returncode == 0
    paths = [request.path for request in api.requests]
    assert paths.index(ARCHIVE) < paths.index(DOWNLOAD)
    assert len(api.sent("POST", ARCHIVE)) == 1


@pytest.mark.slow
def test_download_leaves_a_zip_that_is_up_to_date(cli: Cli, api: FakeApi) -> None:
    api.life = [status("completed", archive=archive("ready"))]
    assert cli("download", BATCH, "-o", "cars.zip").returncode == 0
    assert not api.sent("POST", ARCHIVE)


@pytest.mark.slow
def test_share_prints_the_link(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", SHARE] = Answer(201, LINK)
    done = cli("share", BATCH, "--hours", "48")
    assert done.returncode == 0
    assert LINK["url"] in done.stdout
    assert api.sent("POST", SHARE)[0].json() == {"hours": 48}
    assert json.loads(cli("share", BATCH, "--json").stdout) == LINK


@pytest.mark.slow
def test_links_are_listed_and_revoked(cli: Cli, api: FakeApi) -> None:
    api.answers["GET", SHARE] = Answer(200, {"items": [LINK], "nextCursor": None})
    api.answers["DELETE", f"{SHARE}/{LINK['id']}"] = Answer(204, b"")
    assert LINK["id"] in cli("share", BATCH, "--list").stdout
    assert "revoked" in cli("share", BATCH, "--revoke", LINK["id"]).stdout
    assert not api.sent("POST", SHARE)
