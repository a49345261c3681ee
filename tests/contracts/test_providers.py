"""One contract for every provider: what the use cases may count on, whoever makes the image."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest

from imagebatch.adapters.images import PillowValidator
from imagebatch.adapters.providers.development import DevelopmentProvider
from imagebatch.adapters.providers.fal import FalProvider
from imagebatch.adapters.providers.replicate import ReplicateProvider
from imagebatch.adapters.providers.runpod import RunpodProvider
from imagebatch.adapters.system import SystemClock
from imagebatch.ports.providers import ImageProvider, ImageRequest, PredictionStatus
from testing.fake_providers import FakeProviders, wait_for
from testing.fakes import FakeClock

SHAPES = ["1:1", "16:9", "9:16", "4:3", "3:4"]


@dataclass(frozen=True)
class Case:
    """A provider, the name it knows a model by, and the seconds its predictions take."""

    provider: ImageProvider
    model: str
    clock: FakeClock | None
    fake: FakeProviders | None

    def request(self, prompt: str = "a red car", aspect_ratio: str | None = None) -> ImageRequest:
        values = {"prompt": prompt, **({"aspect_ratio": aspect_ratio} if aspect_ratio else {})}
        return ImageRequest(self.model, values, prompt, aspect_ratio)

    def wait(self, seconds: float) -> None:
        if self.clock:
            self.clock.sleep(seconds)


@pytest.fixture
def fake() -> Iterator[FakeProviders]:
    with FakeProviders() as fake:
        yield fake


@pytest.fixture(params=["replicate", "runpod", "fal", "development"])
def case(request: pytest.FixtureRequest, fake: FakeProviders) -> Iterator[Case]:
    match request.param:
        case "replicate":
            replicate = ReplicateProvider(lambda: "token", fake.url)
            yield Case(replicate, "google/imagen-3", None, fake)
            replicate.close()
        case "runpod":
            runpod = RunpodProvider(lambda: "key", "", fake.url)
            yield Case(runpod, "black-forest-labs-flux-1-schnell", None, fake)
            runpod.close()
        case "fal":
            fal = FalProvider(lambda: "key", fake.url)
            yield Case(fal, "fal-ai/nano-banana-2.1/edit", None, fake)
            fal.close()
        case _:
            clock = FakeClock()
            yield Case(DevelopmentProvider(clock), "google/imagen-3", clock, None)


@pytest.fixture
def slow(case: Case) -> Case:
    """A provider that is still at work when it is first asked."""
    if case.fake:
        case.fake.script("never")
    return case


@pytest.mark.parametrize("shape", SHAPES)
def test_image_with_the_requested_ratio_is_delivered(case: Case, shape: str) -> None:
    request = case.request(aspect_ratio=shape)
    started = case.provider.create(request)
    case.wait(5)
    done = case.provider.get(started.id, request)
    body = case.provider.fetch(done, request)

    assert done.id == started.id
    assert done.status is PredictionStatus.SUCCEEDED
    assert done.failure is None
    assert PillowValidator().validate(body, shape).extension == "png"


def test_a_create_does_not_wait_for_the_image(slow: Case) -> None:
    assert slow.provider.create(slow.request()).status is PredictionStatus.RUNNING


def test_a_running_prediction_is_found_running_by_another_delivery(slow: Case) -> None:
    request = slow.request()
    started = slow.provider.create(request)

    assert slow.provider.get(started.id, request).status is PredictionStatus.RUNNING


def test_a_finished_prediction_can_be_collected_again(case: Case) -> None:
    request = case.request()
    started = case.provider.create(request)
    case.wait(5)
    done = case.provider.get(started.id, request)

    assert case.provider.get(started.id, request) == done
    assert case.provider.fetch(done, request) == case.provider.fetch(done, request)


def test_a_finished_prediction_says_how_long_it_took(case: Case) -> None:
    request = case.request()
    least, most = 1.0, 3.0
    if case.fake:
        least = most = case.fake.latency = 0.2
    started = case.provider.create(request)
    case.wait(5)
    for _ in wait_for():
        done = case.provider.get(started.id, request)
        if done.status is not PredictionStatus.RUNNING:
            break

    assert done.seconds is not None
    assert least - 0.002 <= done.seconds <= most + 0.002


def test_two_equal_prompts_are_two_images(case: Case) -> None:
    request = case.request()
    bodies = []
    for _ in range(2):
        started = case.provider.create(request)
        case.wait(5)
        done = case.provider.get(started.id, request)
        bodies.append(case.provider.fetch(done, request))

    assert bodies[0] != bodies[1]


def test_cancelling_twice_is_the_same_as_once(slow: Case) -> None:
    request = slow.request()
    started = slow.provider.create(request)
    slow.provider.cancel(started.id, request)
    once = slow.provider.get(started.id, request)
    slow.provider.cancel(started.id, request)

    assert slow.provider.get(started.id, request) == once


def test_a_finished_prediction_stays_finished_when_it_is_cancelled(case: Case) -> None:
    request = case.request()
    started = case.provider.create(request)
    case.wait(5)
    done = case.provider.get(started.id, request)
    case.provider.cancel(started.id, request)

    assert case.provider.get(started.id, request) == done


def test_cancelling_an_unknown_prediction_is_no_error(case: Case) -> None:
    case.provider.cancel("unknown", case.request())


def test_unknown_prediction_is_a_retryable_failure(
    case: Case,
) -> None:
    lost = case.provider.get("unknown", case.request())

    assert lost.status is PredictionStatus.FAILED
    assert lost.failure is not None
    assert lost.failure.code.retryable
    assert lost.try_again


def test_a_create_is_asked_of_the_provider_once(slow: Case) -> None:
    slow.provider.create(slow.request())

    if slow.fake:
        for _ in wait_for():
            if slow.fake.creates():
                break
        assert len(slow.fake.creates()) == len(slow.fake.billed()) == 1


def find(case: Case, request: ImageRequest, *, ago: float = 1.0) -> list[str] | None:
    now = case.clock.now() if case.clock else SystemClock().now()
    found = case.provider.find_created(request, now - timedelta(seconds=ago))
    return [each.id for each in found.matches] if found.matches or found.complete else None


def test_what_was_created_is_found_where_it_can_be(case: Case) -> None:
    first, second = case.request("one"), case.request("two")
    created = [case.provider.create(each).id for each in (first, second, first)]
    if isinstance(case.provider, RunpodProvider):
        assert find(case, first) is None
    elif isinstance(case.provider, DevelopmentProvider):
        assert find(case, first) == []
    else:
        assert find(case, first) == [created[0], created[2]]
        assert find(case, second) == [created[1]]


def test_missing_create_is_absent_only_if_certain(case: Case) -> None:
    known = isinstance(case.provider, ReplicateProvider | DevelopmentProvider)
    assert find(case, case.request("never")) == ([] if known else None)


def test_a_running_prediction_is_found_or_nobody_knows(slow: Case) -> None:
    request = slow.request()
    created = slow.provider.create(request).id
    expected = {ReplicateProvider: [created], DevelopmentProvider: []}
    assert find(slow, request) == expected.get(type(slow.provider))
