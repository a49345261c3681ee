"""FalProvider against a server that speaks fal's queue API and has its faults."""

from collections.abc import Iterator
from typing import Any

import pytest

from imagebatch.adapters.providers.fal import FalProvider
from imagebatch.domain.errors import (
    FailureCode,
    ModelUnavailableError,
    ProviderAuthError,
    ProviderUnavailableError,
    RateLimitedError,
    RejectedError,
)
from imagebatch.ports.providers import ImageRequest, Prediction, PredictionStatus
from testing.fake_providers import FakeProviders

MODEL = "fal-ai/bytedance/seedream/v4.5/edit"
INPUT = {"prompt": "a red car", "image_size": {"width": 2560, "height": 1440}}
CAR = ImageRequest(MODEL, INPUT, "a red car", "16:9")


@pytest.fixture
def fake() -> Iterator[FakeProviders]:
    with FakeProviders() as fake:
        yield fake


@pytest.fixture
def provider(fake: FakeProviders) -> Iterator[FalProvider]:
    provider = FalProvider(lambda: "key", fake.url, seconds=2.0)
    yield provider
    provider.close()


def made(provider: FalProvider) -> Prediction:
    return provider.get(provider.create(CAR).id, CAR)


def test_a_create_has_the_whole_model_name(fake: FakeProviders, provider: FalProvider) -> None:
    fake.token = "key"

    assert made(provider).status is PredictionStatus.SUCCEEDED
    [create] = fake.creates()
    assert (create.provider, create.model, create.input) == ("fal", MODEL, INPUT)


@pytest.mark.parametrize(
    ("answer", "code", "again"),
    [
        (
            {
                "status": 422,
                "body": {"detail": [{"msg": "No.", "type": "content_policy_violation"}]},
            },
            FailureCode.CONTENT_REFUSED,
            False,
        ),
        (
            {"status": 422, "body": {"detail": [{"msg": "Too big", "type": "image_too_large"}]}},
            FailureCode.INVALID_INPUT,
            False,
        ),
        (
            {
                "status": 503,
                "body": {"detail": "Runner disconnected"},
                "headers": {"X-Fal-Error-Type": "runner_disconnected"},
            },
            FailureCode.PROVIDER_UNAVAILABLE,
            True,
        ),
        (
            {
                "status": 500,
                "body": "<html>",
                "headers": {"X-Fal-Needs-Retry": "1", "Content-Type": "text/html"},
            },
            FailureCode.PROVIDER_REJECTED,
            True,
        ),
    ],
)
def test_a_failed_result_is_sorted_by_its_type(
    fake: FakeProviders,
    provider: FalProvider,
    answer: dict[str, Any],
    code: FailureCode,
    again: bool,
) -> None:
    fake.script("status", on="result", **answer)
    done = made(provider)

    assert done.failure is not None
    assert (done.failure.code, done.try_again) == (code, again)


def test_timed_out_request_may_be_repeated(fake: FakeProviders, provider: FalProvider) -> None:
    fake.script("aborted")
    done = made(provider)

    assert done.failure is not None
    assert (done.failure.code, done.try_again) == (FailureCode.PROVIDER_TIMEOUT, True)


def test_a_failing_queue_is_no_failed_request(fake: FakeProviders, provider: FalProvider) -> None:
    started = provider.create(CAR)
    fake.script("502", on="result", times=1)
    with pytest.raises(ProviderUnavailableError):
        provider.get(started.id, CAR)

    assert provider.get(started.id, CAR).status is PredictionStatus.SUCCEEDED


def test_a_running_request_is_cancelled_at_fal(fake: FakeProviders, provider: FalProvider) -> None:
    fake.script("never")
    started = provider.create(CAR)
    provider.cancel(started.id, CAR)

    assert fake.cancels == [started.id]
    assert provider.get(started.id, CAR).status is PredictionStatus.CANCELLED


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ("401", ProviderAuthError),
        ("403", ProviderAuthError),
        ("404", ModelUnavailableError),
        ("422", RejectedError),
        ("429_header", RateLimitedError),
        ("500", ProviderUnavailableError),
    ],
)
def test_a_refused_create_is_sorted_by_what_must_follow(
    fake: FakeProviders, provider: FalProvider, fault: str, error: type[Exception]
) -> None:
    fake.script(fault)
    with pytest.raises(error):
        provider.create(CAR)

    assert len(fake.creates()) == 1
    assert fake.billed() == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "maybe_billed"),
    [("500", False), ("hang", True), ("cut_after", True), ("html", True), ("garbled", True)],
)
def test_create_with_lost_response_may_be_billed(
    fake: FakeProviders, provider: FalProvider, fault: str, maybe_billed: bool
) -> None:
    fake.script(fault)
    with pytest.raises(ProviderUnavailableError) as caught:
        provider.create(CAR)

    assert caught.value.maybe_billed is maybe_billed


def test_response_without_an_id_may_be_billed(fake: FakeProviders, provider: FalProvider) -> None:
    fake.script("status", body={"status": "IN_QUEUE"})
    with pytest.raises(ProviderUnavailableError) as caught:
        provider.create(CAR)

    assert caught.value.maybe_billed


def test_key_is_never_sent_to_the_image_host(fake: FakeProviders, provider: FalProvider) -> None:
    provider.fetch(made(provider), CAR)

    assert (fake.ledger.files, fake.ledger.keys_on_files) == (1, 0)


@pytest.mark.parametrize("host", ["fal.media.evil.example", "storage.example", "10.0.0.1"])
def test_image_on_a_foreign_host_is_never_requested(provider: FalProvider, host: str) -> None:
    done = Prediction("abc", PredictionStatus.SUCCEEDED, output=f"https://{host}/x.png")
    with pytest.raises(ProviderUnavailableError) as caught:
        provider.fetch(done, CAR)

    assert caught.value.code is FailureCode.INVALID_OUTPUT
