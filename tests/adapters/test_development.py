"""DevelopmentProvider: placeholders that behave like images and cannot be mistaken for them."""

import io

import pytest
from PIL import Image

from imagebatch.adapters.images import PillowValidator
from imagebatch.adapters.providers.development import (
    NOTICE,
    DevelopmentProvider,
    draw_placeholder,
)
from imagebatch.domain.errors import ProviderUnavailableError
from imagebatch.ports.providers import ImageRequest, Prediction, PredictionStatus
from testing.fakes import FakeClock


def request(prompt: str = "a red car", aspect_ratio: str | None = "16:9") -> ImageRequest:
    return ImageRequest("google/imagen-3", {"prompt": prompt}, prompt, aspect_ratio)


def seconds_taken(provider: DevelopmentProvider, clock: FakeClock) -> float:
    started = provider.create(request())
    taken = 0.0
    while provider.get(started.id, request()).status is PredictionStatus.RUNNING:
        clock.advance(0.01)
        taken += 0.01
    return taken


def test_a_placeholder_takes_one_to_three_seconds() -> None:
    clock = FakeClock()
    provider = DevelopmentProvider(clock)
    taken = [seconds_taken(provider, clock) for _ in range(20)]

    assert min(taken) >= 0.99
    assert max(taken) <= 3.02
    assert len({round(seconds, 2) for seconds in taken}) > 1


def test_a_configured_latency_is_kept() -> None:
    clock = FakeClock()

    assert seconds_taken(DevelopmentProvider(clock, 0.5), clock) == pytest.approx(0.5, abs=0.02)


def test_with_no_latency_a_placeholder_is_there_at_once() -> None:
    done = DevelopmentProvider(FakeClock(), 0).create(request())

    assert done.status is PredictionStatus.SUCCEEDED


def test_prediction_is_resumed_by_another_worker() -> None:
    clock = FakeClock()
    started = DevelopmentProvider(clock, 2).create(request())
    clock.advance(2)
    other = DevelopmentProvider(clock, 2)
    done = other.get(started.id, request())

    assert done.status is PredictionStatus.SUCCEEDED
    assert other.fetch(done, request()).startswith(b"\x89PNG")


def test_every_placeholder_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read by the drawing itself: another prompt changes the picture, the notice stays on top."""
    first = draw_placeholder(request("a red car"), "12345678")
    other = draw_placeholder(request("a blue boat"), "12345678")
    images = [Image.open(io.BytesIO(body)).convert("RGB") for body in (first, other)]
    width, height = images[0].size
    top = [image.crop((0, 0, width, height // 9 + 40)) for image in images]

    assert images[0].tobytes() != images[1].tobytes()
    assert top[0].tobytes() == top[1].tobytes()
    monkeypatch.setattr("imagebatch.adapters.providers.development.NOTICE", "")
    without = Image.open(io.BytesIO(draw_placeholder(request(), "12345678"))).convert("RGB")
    assert without.crop((0, 0, width, height // 9 + 40)).tobytes() != top[0].tobytes()
    assert NOTICE == "DEVELOPMENT MODE - NOT A GENERATED IMAGE"


@pytest.mark.parametrize(
    "prompt",
    [
        "",
        "日本語のプロンプト" * 100,
        "سيارة حمراء",
        "\U0001f697 car \U0001f1e9\U0001f1ea",
        "lone \ud800 surrogate",
        "nul \x00 and \x1b escape",
        "x" * 4000,
        "word " * 800,
        "{{make}} %s \\n <b>",
    ],
)
@pytest.mark.parametrize("aspect_ratio", ["9:16", "21:9", "1:8"])
def test_any_prompt_in_any_script_can_be_drawn(prompt: str, aspect_ratio: str) -> None:
    body = draw_placeholder(request(prompt, aspect_ratio), "12345678")

    assert PillowValidator().validate(body, aspect_ratio).width > 0


@pytest.mark.parametrize("aspect_ratio", [None, "match_input_image", "0:1", "1:999", "wide"])
def test_a_shape_that_is_no_ratio_is_a_square(aspect_ratio: str | None) -> None:
    found = PillowValidator().validate(draw_placeholder(request("x", aspect_ratio), "1" * 8), None)

    assert found.width == found.height


def test_a_placeholder_is_small() -> None:
    body = draw_placeholder(request("a red car " * 100), "12345678")
    found = PillowValidator().validate(body, "16:9")

    assert len(body) < 60_000
    assert found.width * found.height <= 1_000_000


def test_what_is_not_a_placeholder_is_not_drawn() -> None:
    done = Prediction("abc", PredictionStatus.SUCCEEDED, output="https://replicate.delivery/x.png")
    with pytest.raises(ProviderUnavailableError):
        DevelopmentProvider(FakeClock()).fetch(done, request())
