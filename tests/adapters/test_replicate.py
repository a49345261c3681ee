"""ReplicateProvider over the real `replicate` client, against a server that has every fault."""

import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from email.utils import formatdate
from typing import Any

import pytest

from imagebatch.adapters.images import PillowValidator
from imagebatch.adapters.providers.replicate import ReplicateProvider
from imagebatch.adapters.system import SystemClock
from imagebatch.domain.errors import (
    FailureCode,
    ModelUnavailableError,
    ProviderAuthError,
    ProviderUnavailableError,
    RateLimitedError,
    RejectedError,
    UnfitOutputError,
)
from imagebatch.ports.images import BadImageError
from imagebatch.ports.providers import ImageRequest, Prediction, PredictionStatus
from testing.fake_providers import FakeProviders

MODEL = "google/imagen-3"
INPUT = {"prompt": "a red car", "aspect_ratio": "16:9", "safety_filter_level": "block_only_high"}
CAR = ImageRequest(MODEL, INPUT, "a red car", "16:9")
LATE = "2099-01-01T00:00:00Z"


@pytest.fixture
def fake() -> Iterator[FakeProviders]:
    with FakeProviders() as fake:
        yield fake


@pytest.fixture
def provider(fake: FakeProviders) -> Iterator[ReplicateProvider]:
    provider = ReplicateProvider(lambda: "token", fake.url, seconds=2.0, download_seconds=2.0)
    yield provider
    provider.close()


def made(provider: ReplicateProvider, request: ImageRequest = CAR) -> Prediction:
    return provider.get(provider.create(request).id, request)


def lost(provider: ReplicateProvider) -> ProviderUnavailableError:
    with pytest.raises(ProviderUnavailableError) as caught:
        provider.create(CAR)
    return caught.value


# --- what is sent --------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_model_gets_its_input_as_it_is(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    provider.create(CAR)

    [create] = fake.creates()
    assert (create.model, create.input) == (MODEL, INPUT)


def test_model_runs_at_the_named_version(fake: FakeProviders, provider: ReplicateProvider) -> None:
    version = "a" * 64
    provider.create(ImageRequest(f"owner/name:{version}", INPUT, "a red car"))

    assert fake.creates()[0].model == version


@pytest.mark.slow
def test_module_imports_without_token_or_client() -> None:
    check = (
        "import imagebatch.adapters.providers.replicate as p, sys;"
        "provider = p.ReplicateProvider(lambda: 'token');"
        "assert 'replicate' not in sys.modules; assert 'PIL' not in sys.modules"
    )
    path = {"PYTHONPATH": ":".join(sys.path)}
    subprocess.run([sys.executable, "-c", check], check=True, env=path)


def test_token_never_comes_from_the_environment(
    fake: FakeProviders, provider: ReplicateProvider, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPLICATE_API_TOKEN", "from-the-environment")
    monkeypatch.setenv("REPLICATE_BASE_URL", "http://127.0.0.1:9")
    fake.token = "token"

    assert made(provider).status is PredictionStatus.SUCCEEDED


# --- the key -------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["401", "402", "403"])
def test_rejected_key_raises_an_auth_error(
    fake: FakeProviders, provider: ReplicateProvider, fault: str
) -> None:
    fake.script(fault)
    with pytest.raises(ProviderAuthError) as caught:
        provider.create(CAR)

    assert caught.value.reason.startswith("Replicate ")
    assert "http" not in caught.value.reason
    assert "purchase" not in caught.value.reason


class RotatedKey:
    def __init__(self, before: str, after: str) -> None:
        self.key, self.after, self.refreshed = before, after, 0

    def __call__(self) -> str:
        return self.key

    def refresh(self) -> str:
        self.refreshed += 1
        self.key = self.after
        return self.key


def test_a_rotated_key_is_picked_up_without_a_deploy(fake: FakeProviders) -> None:
    fake.token = "new"
    key = RotatedKey("old", "new")
    provider = ReplicateProvider(key, fake.url)
    done = made(provider)
    provider.close()

    assert done.status is PredictionStatus.SUCCEEDED
    assert key.refreshed == 1
    assert len(fake.billed()) == 1


def test_rejected_key_is_refreshed_only_once(fake: FakeProviders) -> None:
    fake.token = "other"
    key = RotatedKey("old", "new")
    provider = ReplicateProvider(key, fake.url)
    with pytest.raises(ProviderAuthError):
        provider.create(CAR)
    provider.close()

    assert key.refreshed == 1


# --- refusals ------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["404", "422_version"])
def test_a_missing_model_names_the_settings_to_change(
    fake: FakeProviders, provider: ReplicateProvider, fault: str
) -> None:
    fake.script(fault)
    with pytest.raises(RejectedError) as caught:
        provider.create(CAR)

    assert isinstance(caught.value, ModelUnavailableError)
    assert caught.value.code.retryable
    for word in (MODEL, "DefaultModel", "`model`"):
        assert word in caught.value.reason


def test_model_without_owner_names_the_settings_to_change(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    with pytest.raises(RejectedError, match="DefaultModel"):
        provider.create(ImageRequest("imagen", INPUT, "a red car"))
    assert fake.creates() == []


def test_a_bad_input_is_refused_with_the_providers_reason(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    fake.script("422", text="- input.prompt: see https://host/x?X-Amz-Signature=abc is too long")
    with pytest.raises(RejectedError) as caught:
        provider.create(CAR)

    assert caught.value.code is FailureCode.INVALID_INPUT
    assert caught.value.reason == "- input.prompt: see (address) is too long"


def test_an_error_that_is_a_json_list_is_understood(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    fake.script("json_list")
    with pytest.raises(RejectedError, match="prompt is required; bad model"):
        provider.create(CAR)


# --- rate limits ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "seconds", "waits"),
    [
        ("429", 7, 5),
        ("429_header", 7, 7),
        ("429_body", 9, 9),
        ("429_text", 30, 30),
        ("429_header", 3600, 300),
        ("429_body", 0, 1),
    ],
)
def test_a_rate_limit_waits_as_told_within_reason(
    fake: FakeProviders, provider: ReplicateProvider, fault: str, seconds: float, waits: float
) -> None:
    fake.script(fault, seconds=seconds)
    with pytest.raises(RateLimitedError) as caught:
        provider.create(CAR)

    assert caught.value.retry_after == waits
    assert fake.billed() == []


def test_a_rate_limit_may_name_a_date(fake: FakeProviders, provider: ReplicateProvider) -> None:
    date = formatdate(time.time() + 60, usegmt=True)
    fake.script("status", status=429, body={}, headers={"Retry-After": date})
    with pytest.raises(RateLimitedError) as caught:
        provider.create(CAR)

    assert 50 < caught.value.retry_after <= 60


@pytest.mark.parametrize(
    ("fault", "error"), [("429", RateLimitedError), ("503", ProviderUnavailableError)]
)
def test_rejected_poll_is_not_retried_by_the_client(
    fake: FakeProviders, provider: ReplicateProvider, fault: str, error: type[Exception]
) -> None:
    started = provider.create(CAR)
    fake.script(fault, on="get")
    with pytest.raises(error):
        provider.get(started.id, CAR)

    assert fake.ledger.gets == 1


# --- the provider or the network is out of order --------------------------------------------------


@pytest.mark.parametrize("fault", ["500", "502", "503"])
def test_a_clean_server_error_cost_nothing(
    fake: FakeProviders, provider: ReplicateProvider, fault: str
) -> None:
    fake.script(fault)
    error = lost(provider)

    assert error.code is FailureCode.PROVIDER_UNAVAILABLE
    assert not error.maybe_billed


def test_gateway_timeout_may_be_billed(fake: FakeProviders, provider: ReplicateProvider) -> None:
    fake.script("504")
    error = lost(provider)

    assert error.code is FailureCode.PROVIDER_TIMEOUT
    assert error.maybe_billed


def test_a_provider_that_cannot_be_reached_cost_nothing(fake: FakeProviders) -> None:
    fake.close()
    provider = ReplicateProvider(lambda: "token", fake.url)
    error = lost(provider)
    provider.close()

    assert error.code is FailureCode.PROVIDER_UNAVAILABLE
    assert not error.maybe_billed


@pytest.mark.parametrize("fault", ["cut_before", "cut_after", "half", "html", "garbled"])
def test_create_with_lost_response_may_be_billed(
    fake: FakeProviders, provider: ReplicateProvider, fault: str
) -> None:
    rule = fake.script(fault)
    error = lost(provider)

    assert fake.fired(rule) == len(fake.creates()) == 1
    assert error.code is FailureCode.PROVIDER_UNAVAILABLE
    assert error.maybe_billed


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["hang", "hang_after", "headers_then_hang", "trickle"])
def test_an_answer_that_does_not_end_is_given_up(
    fake: FakeProviders, provider: ReplicateProvider, fault: str
) -> None:
    fake.script(fault, seconds=0.05)
    error = lost(provider)

    assert error.code is FailureCode.PROVIDER_TIMEOUT
    assert error.maybe_billed


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["hang", "cut_before", "html", "500"])
def test_a_poll_that_fails_loses_no_money(
    fake: FakeProviders, provider: ReplicateProvider, fault: str
) -> None:
    started = provider.create(CAR)
    fake.script(fault, on="get", times=1)
    with pytest.raises(ProviderUnavailableError) as caught:
        provider.get(started.id, CAR)

    assert not caught.value.maybe_billed
    assert provider.get(started.id, CAR).status is PredictionStatus.SUCCEEDED


def test_response_without_an_id_may_be_billed(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    fake.script("status", status=201, body={"status": "starting"})

    assert lost(provider).maybe_billed


def test_unknown_and_missing_fields_do_not_lose_a_prediction(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    body = {"id": "abc", "status": "warming up", "error": {"detail": "x"}, "novelty": [1]}
    fake.script("status", status=202, body=body)

    assert provider.create(CAR) == Prediction("abc", PredictionStatus.RUNNING)


@pytest.mark.parametrize(
    ("created", "completed", "seconds"),
    [
        ("2026-11-20T08:00:00.5Z", "2026-11-20T08:00:06.75Z", 6.25),
        ("2026-11-20T08:00:00Z", None, None),
        (None, "2026-11-20T08:00:06Z", None),
        ("2026-11-20T08:00:00Z", "later", None),
        ("2026-11-20T08:00:00Z", "2026-11-20T08:00:06", None),
        (7, ["x"], None),
    ],
)
def test_duration_is_read_if_reported(
    fake: FakeProviders, provider: ReplicateProvider, created: Any, completed: Any, seconds: Any
) -> None:
    body = {"id": "abc", "status": "succeeded", "output": "https://replicate.delivery/x.png"}
    fake.script(
        "status", status=201, body=body | {"created_at": created, "completed_at": completed}
    )

    done = provider.create(CAR)
    assert done.status is PredictionStatus.SUCCEEDED
    assert done.seconds == seconds


# --- how predictions end --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "code", "try_again"),
    [
        (
            "The input or output was flagged as sensitive. Please try again. (E005) (abc123)",
            FailureCode.CONTENT_REFUSED,
            False,
        ),
        (
            "NSFW content detected. Try running it again, or try a different prompt.",
            FailureCode.CONTENT_REFUSED,
            False,
        ),
        ("Blocked by the Content Policy", FailureCode.CONTENT_REFUSED, False),
        (
            "Prediction interrupted; please retry (code: PA)",
            FailureCode.PROVIDER_UNAVAILABLE,
            True,
        ),
        ("Unknown error (E1000)", FailureCode.PROVIDER_UNAVAILABLE, True),
        ("Service is currently unavailable (E004)", FailureCode.PROVIDER_UNAVAILABLE, True),
        ("", FailureCode.PROVIDER_UNAVAILABLE, True),
        ("The request timed out", FailureCode.PROVIDER_TIMEOUT, True),
        ("width must be at most 1536", FailureCode.PROVIDER_REJECTED, True),
        ("safety_filter_level must be one of a, b", FailureCode.PROVIDER_REJECTED, True),
    ],
)
def test_failed_prediction_is_classified_by_its_text(
    fake: FakeProviders,
    provider: ReplicateProvider,
    text: str,
    code: FailureCode,
    try_again: bool,
) -> None:
    fake.script("failed", text=text)
    done = made(provider)

    assert done.status is PredictionStatus.FAILED
    assert done.failure is not None
    assert done.failure.code is code
    assert done.try_again is try_again
    assert done.failure.reason.startswith(text[:80])


@pytest.mark.parametrize("fault", ["canceled", "aborted"])
def test_a_prediction_that_was_stopped_is_cancelled(
    fake: FakeProviders, provider: ReplicateProvider, fault: str
) -> None:
    fake.script(fault)

    assert made(provider).status is PredictionStatus.CANCELLED


def test_a_running_prediction_is_cancelled_at_the_provider(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    fake.script("never")
    started = provider.create(CAR)
    provider.cancel(started.id, CAR)

    assert fake.cancels == [started.id]
    assert provider.get(started.id, CAR).status is PredictionStatus.CANCELLED


@pytest.mark.parametrize(
    "output",
    [
        "{url}",
        ["{url}"],
        ["{url}", "https://replicate.delivery/second.png"],
        {"images": [{"url": "{url}"}], "seed": 7},
        {"seed": "7", "prompt": "a red car", "image": "{url}"},
    ],
)
def test_the_first_image_of_any_output_is_taken(
    fake: FakeProviders, provider: ReplicateProvider, output: Any
) -> None:
    fake.script("output", output=output)
    done = made(provider)

    assert done.output is not None
    assert done.output.startswith(fake.url)
    assert PillowValidator().validate(provider.fetch(done, CAR), "16:9").extension == "png"


@pytest.mark.parametrize("output", [None, [], "", {}, "a sentence", [None, 3]])
def test_success_without_an_image_is_a_retryable_failure(
    fake: FakeProviders, provider: ReplicateProvider, output: Any
) -> None:
    fake.script("output", output=output)
    done = made(provider)

    assert done.status is PredictionStatus.FAILED
    assert done.failure is not None
    assert done.failure.code is FailureCode.INVALID_OUTPUT
    assert done.try_again
    assert done.billed


def test_an_output_that_was_already_deleted_says_so(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    fake.script("removed")
    done = made(provider)

    assert done.failure is not None
    assert done.failure.code is FailureCode.INVALID_OUTPUT
    assert "deleted" in done.failure.reason
    assert done.billed


# --- fetching -------------------------------------------------------------------------------------


def unfetched(provider: ReplicateProvider, done: Prediction) -> ProviderUnavailableError:
    with pytest.raises(ProviderUnavailableError) as caught:
        provider.fetch(done, CAR)
    assert not caught.value.maybe_billed
    return caught.value


def test_token_is_never_sent_to_the_image_host(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    provider.fetch(made(provider), CAR)

    assert (fake.ledger.files, fake.ledger.keys_on_files) == (1, 0)


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/x.png",
        "https://replicate.delivery.evil.example/x.png",
        "https://notreplicate.delivery/x.png",
        "https://replicate.delivery@evil.example/x.png",
        "https://user:pass@replicate.delivery/x.png",
        "https://replicate.delivery:8443/x.png",
        "http://replicate.delivery/x.png",
        "http://169.254.169.254/latest/meta-data/",
        "http://127.0.0.1:1/x.png",
        "http://localhost/x.png",
        "file:///etc/passwd",
        "https://",
        "https://[::1",
        "gopher://replicate.delivery/x",
    ],
)
def test_image_on_a_foreign_host_is_never_requested(
    fake: FakeProviders, provider: ReplicateProvider, address: str
) -> None:
    done = Prediction("abc", PredictionStatus.SUCCEEDED, output=address)

    assert unfetched(provider, done).code is FailureCode.INVALID_OUTPUT


def test_without_a_development_address_not_even_loopback_is_asked(fake: FakeProviders) -> None:
    provider = ReplicateProvider(lambda: "token")
    done = Prediction("abc", PredictionStatus.SUCCEEDED, output=f"{fake.url}/files/x.png")

    assert unfetched(provider, done).code is FailureCode.INVALID_OUTPUT
    assert fake.ledger.files == 0
    provider.close()


def test_redirect_to_a_foreign_host_is_not_followed(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    done = made(provider)
    with FakeProviders() as elsewhere:
        away = {"Location": f"{elsewhere.url}/files/x.png"}
        fake.script("status", on="file", status=302, headers=away)
        error = unfetched(provider, done)

        assert error.code is FailureCode.INVALID_OUTPUT
        assert elsewhere.ledger.files == 0


def test_redirect_on_the_same_host_is_followed_without_loops(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    done = made(provider)
    fake.script("status", on="file", status=302, headers={"Location": done.output}, times=2)
    assert provider.fetch(done, CAR).startswith(b"\x89PNG")

    fake.script("status", on="file", status=302, headers={"Location": done.output})
    assert "moved" in unfetched(provider, done).reason


@pytest.mark.parametrize("status", [204, 300, 302, 304, 404, 410])
def test_a_strange_download_answer_ends_in_a_code(
    fake: FakeProviders, provider: ReplicateProvider, status: int
) -> None:
    done = made(provider)
    fake.script("status", on="file", status=status, headers={})
    error = unfetched(provider, done)
    assert error.code
    assert not isinstance(error, UnfitOutputError), "one broken answer stops no round"


@pytest.mark.slow
@pytest.mark.parametrize("fault", ["truncated", "chunked_cut", "500", "hang", "trickle"])
def test_a_download_that_breaks_can_be_tried_again(
    fake: FakeProviders, provider: ReplicateProvider, fault: str
) -> None:
    done = made(provider)
    fake.script(fault, on="file", times=1)

    assert unfetched(provider, done).code is not FailureCode.INVALID_OUTPUT
    assert provider.fetch(done, CAR).startswith(b"\x89PNG")


def test_an_expired_output_link_says_so(fake: FakeProviders, provider: ReplicateProvider) -> None:
    done = made(provider)
    fake.script("expired")
    error = unfetched(provider, done)

    assert "output link expired" in error.reason
    assert error.code is FailureCode.INVALID_OUTPUT


@pytest.mark.slow
@pytest.mark.parametrize(("fault", "most"), [("huge", 8), ("huge_chunked", 60)])
def test_oversized_file_is_not_read_to_its_end(fake: FakeProviders, fault: str, most: int) -> None:
    provider = ReplicateProvider(lambda: "token", fake.url)
    done = made(provider)
    fake.script(fault)
    error = unfetched(provider, done)
    provider.close()

    assert error.code is FailureCode.INVALID_OUTPUT
    assert "50 MB" in error.reason
    assert fake.ledger.bytes_sent < most * 1024 * 1024


@pytest.mark.parametrize(
    "fault", ["html", "svg", "empty", "blank", "black", "wrong_aspect", "bomb", "truncated_quietly"]
)
def test_unrequested_file_fails_validation(
    fake: FakeProviders, provider: ReplicateProvider, fault: str
) -> None:
    done = made(provider)
    rule = fake.script(fault, on="file")
    body = provider.fetch(done, CAR)

    assert fake.fired(rule) == 1
    with pytest.raises(BadImageError):
        PillowValidator().validate(body, "16:9")


def test_a_compressed_answer_is_not_unpacked(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    done = made(provider)
    fake.script("status", on="file", body={}, headers={"Content-Encoding": "gzip"})

    assert unfetched(provider, done).code is FailureCode.INVALID_OUTPUT


@pytest.mark.parametrize(
    ("address", "body"),
    [
        ("data:image/png;base64,iVBORw0KGgo=", b"\x89PNG\r\n\x1a\n"),
        ("DATA:text/plain,a%20b", b"a b"),
    ],
)
def test_an_image_inside_the_answer_is_taken_from_there(
    provider: ReplicateProvider, address: str, body: bytes
) -> None:
    assert (
        provider.fetch(Prediction("abc", PredictionStatus.SUCCEEDED, output=address), CAR) == body
    )


@pytest.mark.parametrize("address", ["data:image/png;base64", "data:image/png;base64,***"])
def test_malformed_inline_image_is_an_invalid_output(
    provider: ReplicateProvider, address: str
) -> None:
    done = Prediction("abc", PredictionStatus.SUCCEEDED, output=address)

    assert unfetched(provider, done).code is FailureCode.INVALID_OUTPUT


def test_creates_use_new_connections_and_polls_share_one(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    """An idle one may have died unseen while the machine slept, and then a create is in doubt."""
    for _ in range(3):
        made(provider)

    assert fake.ledger.connections == 3 + 1


# --- what a lost create made ----------------------------------------------------------------------


def a_car(prompt: str) -> ImageRequest:
    return ImageRequest(MODEL, {"prompt": prompt}, prompt)


def found(provider: ReplicateProvider, asked: ImageRequest) -> list[str] | None:
    """None where none was found and one may be missing."""
    predictions = provider.find_created(asked, SystemClock().now() - timedelta(seconds=1))
    complete = predictions.complete and not predictions.unknown
    return [each.id for each in predictions.matches] if predictions.matches or complete else None


def test_every_page_of_the_list_is_read(fake: FakeProviders, provider: ReplicateProvider) -> None:
    fake.page_size = 2
    created = [provider.create(a_car(f"car {n % 2}")).id for n in range(7)]
    assert found(provider, a_car("car 0")) == created[::2]


def test_an_address_signed_anew_is_the_same_input(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    one, other = (
        ImageRequest(MODEL, {"prompt": "x", "image_input": [f"https://b/k?sig={n}"]}, "x")
        for n in range(2)
    )
    created = provider.create(one).id
    assert found(provider, other) == [created]
    assert found(provider, ImageRequest(MODEL, {"prompt": "x", "image_input": []}, "x")) == []


def test_predictions_of_another_model_are_not_ours(provider: ReplicateProvider) -> None:
    provider.create(a_car("x"))
    assert found(provider, ImageRequest("google/other", {"prompt": "x"}, "x")) == []


@pytest.mark.parametrize(
    "body",
    [
        {"results": [{"id": "p", "model": MODEL, "data_removed": True, "created_at": LATE}]},
        {"results": [{"id": "p", "created_at": "soon", "input": None}]},
    ],
)
def test_a_list_that_hides_an_input_decides_nothing(
    fake: FakeProviders, provider: ReplicateProvider, body: dict[str, Any]
) -> None:
    fake.script("status", on="list", body=body)
    assert found(provider, a_car("x")) is None


@pytest.mark.parametrize("body", [[], {}, {"results": None}, {"results": {}}, "text", None])
def test_a_list_that_is_none_is_asked_for_again(
    fake: FakeProviders, provider: ReplicateProvider, body: object
) -> None:
    fake.script("status", on="list", body=body)
    with pytest.raises(ProviderUnavailableError):
        found(provider, a_car("x"))


def test_removed_input_hides_no_other_prediction(
    fake: FakeProviders, provider: ReplicateProvider
) -> None:
    ours = provider.create(a_car("x")).id
    fake.script("removed", times=1)
    removed = provider.create(a_car("other")).id
    looked = provider.find_created(a_car("x"), SystemClock().now() - timedelta(seconds=1))
    assert ([each.id for each in looked.matches], looked.unknown) == ([ours], (removed,))
    assert looked.complete


def test_key_is_sent_to_no_host_in_a_list(fake: FakeProviders, provider: ReplicateProvider) -> None:
    body = {"results": [], "next": "https://evil.example/v1/predictions?created_after=2026-01-01"}
    rule = fake.script("status", on="list", body=body, times=1)
    assert found(provider, a_car("x")) == []
    assert fake.fired(rule) == 1
