"""The end of a round, told to a receiver on loopback by the deployed template."""

import httpx
import pytest

from testing.batches import finished, run, sheet, started, submit
from testing.fake_providers import FakeProviders
from testing.receiver import Receiver, free_address
from tests.conftest import Aws, Stack

INTERRUPTED = "Prediction interrupted; please retry (code: PA)"


@pytest.fixture(scope="module")
def secret(live_stack: Stack, aws: Aws) -> str:
    """As docs/webhooks.md reads it."""
    client = aws("secretsmanager", live_stack)
    text: str = client.get_secret_value(SecretId=live_stack["webhookSecretArn"])["SecretString"]
    return f"whsec_{text}"


def test_each_round_end_is_retried_until_delivered(
    live: httpx.Client, receiver: Receiver, fake: FakeProviders, secret: str
) -> None:
    before = len(receiver.received)
    receiver.answers = [500, 503]
    fake.script("failed", prompt="Hook B", times=2, text=INTERRUPTED)
    batch = run(
        live,
        sheet("Hook A", "Hook B"),
        name="Größe 7",
        metadata='{"order": "7"}',
        callbackUrl=f"{receiver.url}/rounds?key=7",
    )
    tries = receiver.wait_for(before + 3)[before:]
    assert {each.path for each in tries} == {"/rounds?key=7"}
    assert {each.id for each in tries} == {f"{batch['jobId']}-1-1"}
    assert len({each.body for each in tries}) == 1
    assert tries[-1].verified(secret) == {
        "type": "batch.completed",
        "timestamp": batch["finishedAt"],
        "data": {
            "batch_id": batch["jobId"],
            "kind": "cars",
            "name": "Größe 7",
            "status": "completed",
            "outcome": "partial",
            "round": 1,
            "total": 2,
            "succeeded": 1,
            "failed": 1,
            "cancelled": 0,
            "metadata": {"order": "7"},
        },
    }
    assert live.post(f"/api/batches/{batch['jobId']}/retry").status_code == 202
    finished(live, batch["jobId"])
    (last,) = receiver.wait_for(before + 4)[before + 3 :]
    assert last.id == f"{batch['jobId']}-2-1"
    assert last.verified(secret)["data"]["outcome"] == "all_succeeded"


def test_a_prompt_batch_takes_the_address_too(
    live: httpx.Client, receiver: Receiver, secret: str
) -> None:
    before = len(receiver.received)
    answer = live.post(
        "/api/v1/batch/generate",
        json={"items": [{"prompt": "a red car"}], "callback_url": f"{receiver.url}/prompts"},
    )
    assert answer.status_code == 202, answer.text
    (told,) = receiver.wait_for(before + 1)[before:]
    assert told.path == "/prompts"
    assert told.verified(secret)["data"]["batch_id"] == answer.json()["batch_id"]


@pytest.mark.parametrize(
    "url",
    [
        "another loopback port",
        "http://169.254.169.254/latest/meta-data/",
        "https://127.0.0.1/hook",
        "https://[::ffff:127.0.0.1]/hook",
    ],
)
def test_no_other_private_address_is_taken(live: httpx.Client, url: str) -> None:
    # Made here: workers of one run must collect the same parameters.
    address = free_address() if url == "another loopback port" else url
    answer = submit(live, sheet("Refused"), callbackUrl=address)
    assert answer.status_code == 422
    assert [each["field"] for each in answer.json()["details"]] == ["callbackUrl"]


def test_without_the_development_parameter_loopback_is_refused(
    api: httpx.Client, receiver: Receiver
) -> None:
    answer = submit(api, sheet("Refused"), callbackUrl=f"{receiver.url}/hook")
    assert answer.status_code == 422


def test_a_receiver_that_never_answers_keeps_nobody_waiting(
    live: httpx.Client, receiver: Receiver
) -> None:
    receiver.pause = 30
    try:
        began = len(receiver.received)
        batch = started(live, sheet("Silent"), callbackUrl=f"{receiver.url}/silent")
        assert finished(live, batch)["zipUrl"]
        receiver.wait_for(began + 1)
    finally:
        receiver.pause = 0.0
