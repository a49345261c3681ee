"""The commands for batches that exist, and the catalog."""

import json

import pytest

from testing.fake_api import BATCH, STATUS, Answer, FakeApi, Lost, problem, status
from tests.cli.conftest import Cli

LIST = "/api/v1/batch"
CANCEL = f"/api/v1/batch/{BATCH}/cancel"
RETRY = f"/api/batches/{BATCH}/retry"
LISTED = {
    "items": [
        {
            "batch_id": BATCH,
            "kind": "cars",
            "name": "[red]Spring[/red] hub",
            "status": "completed",
            "outcome": "partial",
            "total": 50,
            "done": 49,
            "failed": 1,
            "cost": {"estimated": "2.50", "actual": "2.45"},
            "created_at": "2026-11-20T08:00:00.000Z",
        }
    ],
    "next_cursor": "abc",
}


@pytest.mark.slow
def test_list_shows_batches_and_the_next_cursor(cli: Cli, api: FakeApi) -> None:
    api.answers["GET", LIST] = Answer(200, LISTED)
    done = cli("list", "--limit", "1", "--status", "completed", "--kind", "cars", "--cursor", "c")
    assert done.returncode == 0
    for told in (BATCH, "[red]Spring[/red] hub", "49/50", "$2.45", "partial", "--cursor abc"):
        assert told in done.stdout
    assert api.requests[0].query == {
        "limit": "1",
        "status": "completed",
        "kind": "cars",
        "cursor": "c",
    }


def test_list_as_json_spells_as_the_other_commands(cli: Cli, api: FakeApi) -> None:
    api.answers["GET", LIST] = Answer(200, LISTED)
    listed = json.loads(cli("list", "--json").stdout)
    assert listed["nextCursor"] == "abc"
    assert listed["items"][0]["jobId"] == BATCH
    assert listed["items"][0]["createdAt"] == "2026-11-20T08:00:00.000Z"
    assert api.requests[0].query == {}


def test_a_status_tells_what_there_is_to_know(cli: Cli, api: FakeApi) -> None:
    cost = {"estimated": "2.50", "committed": "1.00", "actual": "0.95", "max": "3.00"}
    waiting = {"reason": "provider_rate_limit", "until": "2026-11-20T09:00:00Z"}
    api.life = [status(done=1, mode="development", round=2, cost=cost, waitingFor=waiting)]
    shown = cli("status", BATCH).stdout
    for told in (BATCH, "development", "round", "33%", "$0.95", "$2.50", "$3.00", "rate_limit"):
        assert told in shown


def test_a_status_shows_the_sheets_notices(cli: Cli, api: FakeApi) -> None:
    kept = {"code": "nameless-rows", "level": "warning", "row": 4, "column": None}
    read = {"code": "encoding", "level": "notice", "row": None, "column": None}
    notices = [kept | {"message": "No car here."}, read | {"message": "Read as [mac_roman]."}]
    api.life = [status(done=3, notices=notices, warnings=["No car here."])]
    shown = cli("status", BATCH).stdout
    assert shown.count("No car here.") == 1
    assert "warning: row 4: No car here." in shown
    assert "notice: Read as [mac_roman]." in shown


@pytest.mark.slow
def test_cancel_says_what_the_batch_is_now(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", CANCEL] = Answer(202, {"batch_id": BATCH, "status": "cancelling"})
    done = cli("cancel", BATCH)
    assert done.returncode == 0
    assert "cancelling" in done.stdout
    assert json.loads(cli("cancel", BATCH, "--json").stdout)["status"] == "cancelling"


def test_a_batch_that_cannot_be_cancelled_exits_3(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", CANCEL] = problem(409, "Batch can no longer be cancelled")
    done = cli("cancel", BATCH)
    assert done.returncode == 3
    assert "can no longer be cancelled" in done.stderr


@pytest.mark.slow
def test_delete_asks_nobody_with_yes(cli: Cli, api: FakeApi) -> None:
    api.answers["DELETE", f"/api/batches/{BATCH}"] = Answer(204, b"")
    done = cli("delete", BATCH, "--yes")
    assert (done.returncode, done.stdout) == (0, f"Batch {BATCH}: deleted\n")
    deleted = json.loads(cli("delete", BATCH, "--yes", "--json").stdout)
    assert deleted == {"jobId": BATCH, "deleted": True}


def test_delete_is_not_sent_unconfirmed(cli: Cli, api: FakeApi) -> None:
    done = cli("delete", BATCH)
    assert done.returncode == 3
    assert "--yes" in done.stderr
    assert not api.sent("DELETE", f"/api/batches/{BATCH}")


def test_a_running_batch_is_not_deleted(cli: Cli, api: FakeApi) -> None:
    api.answers["DELETE", f"/api/batches/{BATCH}"] = problem(409, "Batch is still running")
    assert cli("delete", BATCH, "--yes").returncode == 3


@pytest.mark.slow
def test_retry_runs_the_failed_items_and_waits_when_asked(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", RETRY] = Answer(202, status())
    assert "processing" in cli("retry", BATCH).stdout
    api.life = [status(round=2), status("completed", done=3, round=2)]
    done = cli("retry", BATCH, "--json", "-o", "cars.zip")
    assert done.returncode == 0
    assert json.loads(done.stdout)["output"] == "cars.zip"
    assert (cli.home / "cars.zip").read_bytes() == api.archive


def test_nothing_to_retry_exits_3(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", RETRY] = problem(409, "Nothing to retry")
    assert cli("retry", BATCH).returncode == 3
    assert not api.sent("GET", STATUS)


@pytest.mark.slow
def test_retry_with_lost_response_repeats_its_key(cli: Cli, api: FakeApi) -> None:
    api.script("POST", RETRY, Lost(), problem(409, "Still in flight", retry_after=1))
    api.answers["POST", RETRY] = Answer(202, status(round=2))
    done = cli("retry", BATCH, "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout)["round"] == 2
    keys = {request.headers["idempotency-key"] for request in api.sent("POST", RETRY)}
    assert len(api.sent("POST", RETRY)) == 3
    assert len(keys) == 1


@pytest.mark.slow
def test_variants_are_imported_from_any_csv_and_json(cli: Cli, api: FakeApi) -> None:
    api.answers["PUT", "/api/variants"] = Answer(200, {"imported": 2})
    csv = "variantId,variantTitle\n1,Größe\n".encode("cp1252")
    (cli.home / "catalog.csv").write_bytes(csv)
    (cli.home / "catalog.JSON").write_text('[{"variantId": 1}]')
    options = ["--encoding", "cp1252", "--sheet", "Two", "--ignore-unknown-columns"]
    assert "imported 2" in cli("variants", "import", "catalog.csv", *options).stdout
    done = cli("variants", "import", "catalog.JSON", "--json")
    assert json.loads(done.stdout) == {"imported": 2}
    first, second = api.sent("PUT", "/api/variants")
    assert (first.headers["content-type"], first.body) == ("application/octet-stream", csv)
    assert first.query == {"sheet": "Two", "encoding": "cp1252", "unknownColumns": "ignore"}
    assert (second.headers["content-type"], second.json()) == (
        "application/json",
        [{"variantId": 1}],
    )


@pytest.mark.slow
def test_erase_starts_once_confirmed_and_shows_the_receipt(cli: Cli, api: FakeApi) -> None:
    removed = {"batches": 2, "uploads": 1, "records": 40}
    receipt = {"id": "e1", "owner": "ann", "status": "running", "removed": removed}
    api.answers["POST", "/api/erase"] = Answer(202, {"id": "e1", "statusUrl": "https://x"})
    api.answers["GET", "/api/erase/e1"] = Answer(200, receipt | {"kept": {"live 2026-11": "1.25"}})
    assert cli("erase", "ann").returncode == 3
    assert not api.sent("POST", "/api/erase")

    done = cli("erase", "ann", "--yes")
    assert done.returncode == 0
    assert "Erasure e1 of ann: running" in done.stdout
    assert "live 2026-11: 1.25 USD" in done.stdout
    assert [each.json() for each in api.sent("POST", "/api/erase")] == [{"owner": "ann"}]
    assert cli("erase", "ann", "--receipt", "e1", "--json").returncode == 0
    assert len(api.sent("POST", "/api/erase")) == 1
