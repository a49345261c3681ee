"""Every fault word over the real clients of all providers, a row each: the batch always ends."""

from collections.abc import Iterator
from copy import replace

import pytest

from imagebatch.domain.errors import FailureCode
from imagebatch.domain.statuses import BatchStatus
from testing.app_harness import OWNER, a_row
from testing.fake_providers.faults import FAULTS
from testing.fault_words import STOPPING, WORDS, is_looked_at
from tests.adapters.live_app import MODELS, LiveApp
from tests.usecases.scheduler import Scheduler

pytestmark = pytest.mark.slow

HANGING = {"hang", "hang_after", "headers_then_hang", "trickle"}
"""These take the time that the clients wait; the deployed suite has them."""
ROWS = [word for word in WORDS if word.fault not in HANGING]


@pytest.fixture
def app() -> Iterator[LiveApp]:
    with LiveApp() as app:
        yield app


def start(app: LiveApp, provider: str) -> None:
    for row, word in enumerate(ROWS):
        app.fake.script(word.fault, prompt=f"^{row}$", **word.more)
        if is_looked_at(word):
            app.fake.script("slow", prompt=f"^{row}$", seconds=3)
    app.start(len(ROWS), models=(MODELS[provider],))


def ends(app: LiveApp) -> list[str]:
    items = app.store.items(OWNER, "b1")
    return [item.failure.code.value if item.failure else item.status.value for item in items]


def test_every_fault_of_the_stand_in_is_a_word() -> None:
    assert {word.fault for word in WORDS} | STOPPING.keys() == FAULTS


def test_every_fault_word_ends_its_row_as_declared(app: LiveApp) -> None:
    start(app, "replicate")
    Scheduler(app).run()
    assert [*zip(ROWS, ends(app), strict=True)] == [(word, word.end) for word in ROWS]
    made = [len(app.fake.creates(f"^{row}$")) for row in range(len(ROWS))]
    expected = [word.creates or count for word, count in zip(ROWS, made, strict=True)]
    assert [*zip(ROWS, made, strict=True)] == [*zip(ROWS, expected, strict=True)]


@pytest.mark.parametrize("provider", ["runpod", "fal"])
def test_every_word_ends_its_row_at_any_provider(app: LiveApp, provider: str) -> None:
    start(app, provider)
    Scheduler(app).run()
    assert app.batch.status is BatchStatus.ARCHIVING
    ours = {FailureCode.CRASHED, FailureCode.INTERNAL}
    assert set(ends(app)) <= {"succeeded", *FailureCode} - ours
    assert ends(app).count("succeeded") > len(ROWS) // 2


@pytest.mark.parametrize("provider", MODELS)
def test_a_batch_of_faults_can_be_cancelled(app: LiveApp, provider: str) -> None:
    start(app, provider)
    scheduler = Scheduler(app)
    scheduler.run(until=lambda: len(app.fake.creates()) > len(ROWS) // 2)
    app.cancel_batch(OWNER, "b1")
    cancelled_at = app.clock.now()
    scheduler.run()
    assert app.batch.status is BatchStatus.ARCHIVING
    assert "c" in app.statuses
    assert (app.clock.now() - cancelled_at).total_seconds() < 120


@pytest.mark.parametrize(("fault", "code"), STOPPING.items())
def test_a_fault_of_all_rows_stops_the_round(app: LiveApp, fault: str, code: str) -> None:
    app.fake.script(fault)
    items = tuple(replace(a_row(n), aspect_ratio="1:1") for n in range(5))
    app.make(5, MODELS["replicate"], items=items)
    assert ends(app) == [code] * 5
    assert len(app.fake.creates()) == 1
