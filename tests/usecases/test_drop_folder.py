import json
from collections.abc import Callable

import pytest

from imagebatch.domain.errors import UnavailableError
from imagebatch.intake.templates import Template
from imagebatch.schemas.problem import problem
from imagebatch.usecases.drop_folder import SubmitDroppedSheet
from imagebatch.usecases.idempotency import IdempotentExecutor
from imagebatch.usecases.plan_car_batch import PlanCarBatch
from testing.fakes import InMemoryIdempotencyStore
from tests.usecases.app_harness import REGISTRY, AppHarness

KEY = "inbox/mia/cars.csv"


@pytest.fixture
def take(app: AppHarness) -> SubmitDroppedSheet:
    templates = {name: Template("A {{make}}") for name in ("white", "hub")}
    return SubmitDroppedSheet(
        PlanCarBatch(REGISTRY, templates, frozenset({"scripted"}), 50),
        app.submit_batch,
        IdempotentExecutor(InMemoryIdempotencyStore(), app.clock, app.random),
        app.media,
        app.telemetry,
        lambda error: json.dumps(problem(error)).encode(),
        "drop-folder",
    )


def drop(app: AppHarness, text: str) -> str:
    """The ETag that the arrival is announced with."""
    return app.media.put(KEY, text.encode(), "text/csv").etag


def batches(app: AppHarness) -> list[str]:
    return [batch.id for batch in app.store.list_batches("mia", limit=100).items]


def test_an_arrival_that_is_announced_twice_is_one_batch(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    etag = drop(app, "make\nVolvo\n")
    assert take(KEY, etag) == take(KEY, etag)
    assert len(batches(app)) == 1


def test_the_same_name_with_new_content_is_a_new_batch(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    take(KEY, drop(app, "make\nVolvo\n"))
    take(KEY, drop(app, "make\nSaab\n"))
    assert len(batches(app)) == 2


def test_an_announcement_that_is_late_does_not_make_the_newer_content_twice(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    first = drop(app, "make\nVolvo\n")
    second = drop(app, "make\nSaab\n")
    assert take(KEY, first) == {"ignored": KEY}
    take(KEY, second)
    assert len(batches(app)) == 1
    assert [key for key in app.media.objects if key.startswith("outbox/")] == []


def test_content_that_is_overwritten_while_it_is_read_is_left_to_its_own_announcement(
    app: AppHarness, take: SubmitDroppedSheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = drop(app, "make\nVolvo\n")
    overwritten: list[str] = []
    monkeypatch.setattr(app.media, "get", _then_read(app, overwritten))
    assert take(KEY, first) == {"ignored": KEY}
    monkeypatch.undo()
    take(KEY, overwritten[0])
    assert len(batches(app)) == 1


def _then_read(app: AppHarness, overwritten: list[str]) -> Callable[[str], bytes | None]:
    read = app.media.get

    def get(key: str) -> bytes | None:
        overwritten.append(drop(app, "make\nSaab\n"))
        return read(key)

    return get


def test_content_that_comes_back_after_it_was_overwritten_is_taken(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    first = drop(app, "make\nVolvo\n")
    drop(app, "make\nSaab\n")
    take(KEY, first)
    assert "batchId" in take(KEY, drop(app, "make\nVolvo\n"))


def test_a_file_that_is_gone_is_not_refused_but_tried_again(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    with pytest.raises(UnavailableError):
        take(KEY, '"etag"')


def test_a_sheet_that_cannot_be_read_leaves_the_problem_in_the_outbox(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    assert take(KEY, drop(app, 'make\n"Vol\n')) == {"refused": "malformed-csv"}
    found = json.loads(app.media.bodies["outbox/mia/cars.error.json"])
    assert (found["status"], found["error"]) == (400, "Malformed CSV")
