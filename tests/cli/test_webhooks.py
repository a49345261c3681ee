"""`imagebatch webhooks`: what became of each, and sending one again."""

import json

import pytest

from testing.fake_api import BATCH, Answer, FakeApi, problem
from tests.cli.conftest import Cli

HOOKS = f"/api/batches/{BATCH}/webhooks"
REPLAY = f"{HOOKS}/1/replay"
WEBHOOK = {
    "n": 1,
    "id": f"{BATCH}-1-1",
    "type": "batch.completed",
    "url": "https://shop.example.com/hook",
    "status": "delivered",
    "attempts": 2,
    "reason": None,
    "createdAt": "2026-11-20T08:01:00.000Z",
    "lastAttemptAt": "2026-11-20T08:01:05.000Z",
}
LOST = WEBHOOK | {"n": 2, "status": "failed", "reason": "the receiver returned 500"}


@pytest.mark.slow
def test_webhooks_are_listed_with_their_ends(cli: Cli, api: FakeApi) -> None:
    api.answers["GET", HOOKS] = Answer(200, {"items": [WEBHOOK, LOST]})
    done = cli("webhooks", BATCH)
    assert done.returncode == 0, done.stderr
    _, first, second = done.stdout.splitlines()
    for word in ("batch.completed", "delivered", "2026-11-20 08:01:05 UTC", WEBHOOK["url"]):
        assert str(word) in first
    assert LOST["reason"] in second
    assert json.loads(cli("webhooks", BATCH, "--json").stdout) == {"items": [WEBHOOK, LOST]}


def test_a_batch_without_webhooks_says_so(cli: Cli, api: FakeApi) -> None:
    api.answers["GET", HOOKS] = Answer(200, {"items": []})
    assert cli("webhooks", BATCH).stdout == "No webhooks.\n"


@pytest.mark.parametrize(("ended", "status"), [("delivered", 0), ("failed", 1), ("refused", 1)])
def test_a_replay_says_how_it_ended(cli: Cli, api: FakeApi, ended: str, status: int) -> None:
    api.answers["POST", REPLAY] = Answer(200, WEBHOOK | {"status": ended})
    done = cli("webhooks", BATCH, "--replay", "1")
    assert (done.returncode, len(api.sent("POST", REPLAY))) == (status, 1)
    assert ended in done.stdout


@pytest.mark.slow
def test_a_replay_too_soon_waits_as_told(cli: Cli, api: FakeApi) -> None:
    api.answers["POST", REPLAY] = Answer(200, WEBHOOK)
    api.script("POST", REPLAY, problem(429, "Sent a moment ago", retry_after=1))
    assert cli("webhooks", BATCH, "--replay", "1").returncode == 0
    assert len(api.sent("POST", REPLAY)) == 2


@pytest.mark.parametrize(("number", "status"), [("7", 3), ("0", 3), ("x", 3)])
def test_a_webhook_that_is_not_there_exits_3(cli: Cli, number: str, status: int) -> None:
    assert cli("webhooks", BATCH, "--replay", number).returncode == status
