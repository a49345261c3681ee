"""RunpodProvider against a server that speaks RunPod's API and has its faults."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from imagebatch.adapters.images import PillowValidator
from imagebatch.adapters.providers.runpod import RunpodProvider, _prediction
from imagebatch.adapters.providers.transport import DeadlineTransport
from imagebatch.domain.errors import (
    FailureCode,
    ProviderAuthError,
    ProviderUnavailableError,
    RateLimitedError,
    RejectedError,
)
from imagebatch.ports.providers import ImageRequest, Prediction, PredictionStatus
from testing.fake_providers import FakeProviders
from testing.fake_providers.files import picture

CASES = Path(__file__).parents[1] / "data" / "cases"
PUBLIC = "black-forest-labs-flux-1-schnell"
INPUT = {"prompt": "a red car", "width": 1344, "height": 768, "num_inference_steps": 4}
CAR = ImageRequest(PUBLIC, INPUT, "a red car", "16:9")
PICTURE = picture("seed", INPUT)


@pytest.fixture
def fake() -> Iterator[FakeProviders]:
    with FakeProviders() as fake:
        yield fake


@pytest.fixture
def provider(fake: FakeProviders) -> Iterator[RunpodProvider]:
    provider = RunpodProvider(lambda: "key", "", fake.url, seconds=2.0)
    yield provider
    provider.close()


def made(provider: RunpodProvider) -> Prediction:
    return provider.get(provider.create(CAR).id, CAR)


def test_a_model_of_its_own_endpoint_is_run_there(
    fake: FakeProviders, provider: RunpodProvider
) -> None:
    provider.create(CAR)

    [create] = fake.creates()
    assert (create.model, create.input) == (PUBLIC, INPUT)


def test_the_configured_endpoint_runs_every_model(fake: FakeProviders) -> None:
    provider = RunpodProvider(lambda: "key", "abc123", fake.url)
    done = made(provider)
    provider.close()

    assert fake.creates()[0].model == "abc123"
    assert done.status is PredictionStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ({"delayTime": 250, "executionTime": 1500}, 1.75),
        ({"executionTime": 1500}, None),
        ({"delayTime": "soon", "executionTime": 1500}, None),
        ({"delayTime": None, "executionTime": [1]}, None),
        ({"delayTime": 10**400, "executionTime": 1500}, None),
    ],
)
def test_duration_is_read_if_reported(
    fake: FakeProviders, provider: RunpodProvider, times: dict[str, Any], seconds: float | None
) -> None:
    body = {"id": "abc", "status": "COMPLETED", "output": "https://image.runpod.ai/x.png"}
    fake.script("status", status=200, body=body | times)

    done = provider.create(CAR)
    assert done.status is PredictionStatus.SUCCEEDED
    assert done.seconds == seconds


def encoded(body: bytes) -> str:
    return base64.b64encode(body).decode()


@pytest.mark.parametrize(
    "output",
    [
        {"image_url": "{url}", "cost": 0.02},
        {"result": "{url}"},
        [{"image": "{url}", "seed": 1}],
        {"images": [{"filename": "a.png", "type": "s3_url", "data": "{url}"}]},
        {"images": [{"filename": "a.png", "type": "base64", "data": encoded(PICTURE)}]},
        {"message": encoded(PICTURE), "status": "success"},
        {"image_url": f"data:image/png;base64,{encoded(PICTURE)}", "images": []},
        "{url}",
    ],
)
def test_the_image_is_found_wherever_a_handler_puts_it(
    fake: FakeProviders, provider: RunpodProvider, output: Any
) -> None:
    fake.script("output", output=output)
    body = provider.fetch(made(provider), CAR)

    assert PillowValidator().validate(body, "16:9").extension == "png"


@pytest.mark.parametrize("output", [None, {}, {"message": "done"}, [], {"image": "aGVsbG8="}])
def test_a_job_without_an_image_may_be_made_again(
    fake: FakeProviders, provider: RunpodProvider, output: Any
) -> None:
    fake.script("output", output=output)
    done = made(provider)

    assert done.failure is not None
    assert done.failure.code is FailureCode.INVALID_OUTPUT
    assert done.try_again


@pytest.mark.parametrize(
    ("fault", "more", "code"),
    [
        ("failed", {"text": "NSFW content"}, FailureCode.CONTENT_REFUSED),
        ("failed", {"text": "width must be divisible by 64"}, FailureCode.PROVIDER_REJECTED),
        (
            "failed",
            {"text": '{"error_type": "E", "error_message": "CUDA out of memory"}'},
            FailureCode.PROVIDER_UNAVAILABLE,
        ),
        ("aborted", {}, FailureCode.PROVIDER_TIMEOUT),
        ("output", {"output": {"error": "safety filter"}}, FailureCode.CONTENT_REFUSED),
    ],
)
def test_failed_job_is_classified_by_its_text(
    fake: FakeProviders,
    provider: RunpodProvider,
    fault: str,
    more: dict[str, Any],
    code: FailureCode,
) -> None:
    fake.script(fault, **more)
    done = made(provider)

    assert done.status is PredictionStatus.FAILED
    assert done.failure is not None
    assert done.failure.code is code
    unknown = code is FailureCode.PROVIDER_REJECTED
    assert done.try_again is (code.retryable or unknown)


def test_a_job_that_is_gone_has_expired(fake: FakeProviders, provider: RunpodProvider) -> None:
    fake.script("lost")
    done = made(provider)

    assert done.failure is not None
    assert done.failure.code is FailureCode.PROVIDER_TIMEOUT
    assert "expired" in done.failure.reason
    assert done.billed


def test_a_running_job_is_cancelled_at_runpod(
    fake: FakeProviders, provider: RunpodProvider
) -> None:
    fake.script("never")
    started = provider.create(CAR)
    provider.cancel(started.id, CAR)

    assert fake.cancels == [started.id]
    assert provider.get(started.id, CAR).status is PredictionStatus.CANCELLED


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", ProviderAuthError),
        ("402", ProviderAuthError),
        ("404", RejectedError),
        ("422", RejectedError),
        ("json_list", RejectedError),
        ("429_header", RateLimitedError),
        ("500", ProviderUnavailableError),
    ],
)
def test_a_refused_create_is_sorted_by_what_must_follow(
    fake: FakeProviders, provider: RunpodProvider, fault: str, error: type[Exception]
) -> None:
    fake.script(fault)
    with pytest.raises(error):
        provider.create(CAR)

    assert len(fake.creates()) == 1
    assert fake.billed() == []


def test_a_missing_endpoint_names_the_settings_to_change(
    fake: FakeProviders, provider: RunpodProvider
) -> None:
    fake.script("404")
    with pytest.raises(RejectedError) as caught:
        provider.create(CAR)

    for word in (PUBLIC, "RunpodEndpointId", "DefaultModel"):
        assert word in caught.value.reason


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "maybe_billed"),
    [("500", False), ("hang", True), ("cut_after", True), ("html", True), ("garbled", True)],
)
def test_create_with_lost_response_may_be_billed(
    fake: FakeProviders, provider: RunpodProvider, fault: str, maybe_billed: bool
) -> None:
    fake.script(fault)
    with pytest.raises(ProviderUnavailableError) as caught:
        provider.create(CAR)

    assert caught.value.maybe_billed is maybe_billed


def test_response_without_a_job_may_be_billed(
    fake: FakeProviders, provider: RunpodProvider
) -> None:
    fake.script("status", body={"status": "IN_QUEUE"})
    with pytest.raises(ProviderUnavailableError) as caught:
        provider.create(CAR)

    assert caught.value.maybe_billed


def test_key_is_never_sent_to_the_image_host(fake: FakeProviders, provider: RunpodProvider) -> None:
    provider.fetch(made(provider), CAR)

    assert (fake.ledger.files, fake.ledger.keys_on_files) == (1, 0)


@pytest.mark.parametrize("host", ["runpod.ai.evil.example", "bucket.s3.amazonaws.com", "10.0.0.1"])
def test_image_on_a_foreign_host_is_never_requested(provider: RunpodProvider, host: str) -> None:
    done = Prediction("abc", PredictionStatus.SUCCEEDED, output=f"https://{host}/x.png")
    with pytest.raises(ProviderUnavailableError) as caught:
        provider.fetch(done, CAR)

    assert caught.value.code is FailureCode.INVALID_OUTPUT


def test_base64_broken_into_lines_is_an_image(
    fake: FakeProviders, provider: RunpodProvider
) -> None:
    picture = made(provider)
    body = provider.fetch(picture, CAR)
    fake.script("output", output={"image": base64.encodebytes(body).decode()})

    assert provider.fetch(made(provider), CAR) == body


OUTPUTS = json.loads((CASES / "b22-runpod-outputs.json").read_text())
BUCKET_HOST = "my-bucket.s3.eu-west-1.amazonaws.com"


class Bucket:
    """An endpoint's own bucket: every request that reached it, answered from `answers`."""

    def __init__(self, *answers: httpx.Response) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        return self.answers.pop(0)


def fetched(bucket: Bucket, monkeypatch: pytest.MonkeyPatch, *hosts: str) -> bytes:
    """The image of the case's `s3_url`, by a stack with these RunpodOutputHosts."""
    monkeypatch.setattr(DeadlineTransport, "handle_request", lambda _, asked: bucket.answer(asked))
    provider = RunpodProvider(lambda: "key", "abc123", output_hosts=hosts)
    return provider.fetch(_prediction("abc", OUTPUTS[0]), CAR)


def test_a_configured_bucket_is_asked_without_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket(httpx.Response(200, content=PICTURE))

    assert fetched(bucket, monkeypatch, BUCKET_HOST) == PICTURE
    [request] = bucket.asked
    assert request.url.host == BUCKET_HOST
    assert "Authorization" not in request.headers


@pytest.mark.parametrize("hosts", [(), ("s3.eu-west-1.amazonaws.com",)])
def test_a_bucket_that_is_not_configured_is_never_asked(
    monkeypatch: pytest.MonkeyPatch, hosts: tuple[str, ...]
) -> None:
    bucket = Bucket()
    with pytest.raises(ProviderUnavailableError):
        fetched(bucket, monkeypatch, *hosts)

    assert bucket.asked == []


def test_a_bucket_cannot_redirect_to_another_host(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = Bucket(httpx.Response(302, headers={"Location": "https://169.254.169.254/x.png"}))
    with pytest.raises(ProviderUnavailableError):
        fetched(bucket, monkeypatch, BUCKET_HOST)

    assert len(bucket.asked) == 1
