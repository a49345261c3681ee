import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from imagebatch.intake.templates import Template
from imagebatch.ports import ArrivedObject, RetryLater
from imagebatch.schemas.problem import problem
from imagebatch.usecases.drop_folder import SubmitDroppedSheet
from imagebatch.usecases.idempotency import IdempotentExecutor
from imagebatch.usecases.plan_car_batch import PlanCarBatch
from imagebatch.usecases.submit_batch import SubmitBatch
from testing.fakes import InMemoryIdempotencyStore
from testing.models import a_registry, usable
from tests.usecases.app_harness import MODEL, AppHarness

KEY, ERRORS = "inbox/mia/cars.csv", "outbox/mia/cars.error.json"


@pytest.fixture
def take(app: AppHarness) -> SubmitDroppedSheet:
    templates = {name: Template("A {{make}}") for name in ("white", "hub")}
    return SubmitDroppedSheet(
        PlanCarBatch(usable(a_registry(MODEL), "scripted"), templates, 50),
        app.submit_batch,
        IdempotentExecutor(InMemoryIdempotencyStore(), app.clock, app.random),
        app.media,
        app.telemetry,
        lambda error: json.dumps(problem(error)).encode(),
        "drop-folder",
        app.clock,
    )


def drop(app: AppHarness, text: str, key: str = KEY) -> ArrivedObject:
    """What the arrival is announced with."""
    stored = app.media.put(key, text.encode(), "text/csv")
    return ArrivedObject(key, stored.etag, stored.size, age=0)


def batches(app: AppHarness) -> list[str]:
    return [batch.id for batch in app.store.list_batches("mia", limit=100).items]


def test_an_arrival_that_is_announced_twice_is_one_batch(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    arrival = drop(app, "make\nVolvo\n")
    assert take(arrival) == take(arrival)
    assert len(batches(app)) == 1


def test_the_same_name_with_new_content_is_a_new_batch(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    take(drop(app, "make\nVolvo\n"))
    take(drop(app, "make\nSaab\n"))
    assert len(batches(app)) == 2


def test_an_announcement_that_is_late_does_not_make_the_newer_content_twice(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    first = drop(app, "make\nVolvo\n")
    second = drop(app, "make\nSaab\n")
    assert take(first) == {"ignored": KEY}
    take(second)
    assert len(batches(app)) == 1
    assert [key for key in app.media.objects if key.startswith("outbox/")] == []


def test_content_that_is_overwritten_while_it_is_read_is_left_to_its_own_announcement(
    app: AppHarness, take: SubmitDroppedSheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = drop(app, "make\nVolvo\n")
    overwritten: list[ArrivedObject] = []
    monkeypatch.setattr(app.media, "get", _then_read(app, overwritten))
    assert take(first) == {"ignored": KEY}
    monkeypatch.undo()
    take(overwritten[0])
    assert len(batches(app)) == 1


def _then_read(app: AppHarness, overwritten: list[ArrivedObject]) -> Callable[[str], bytes | None]:
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
    take(first)
    assert "batchId" in take(drop(app, "make\nVolvo\n"))


def test_a_sheet_removed_before_it_was_read_is_ignored(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    arrival = drop(app, "make\nVolvo\n")
    app.media.delete(KEY)
    assert take(arrival) == {"ignored": KEY}
    assert [key for key in app.media.objects if key.startswith("outbox/")] == []


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        ("inbox/mia/cars.Csv", True),
        ("inbox/mia/CARS.CSV", True),
        ("inbox/mia/._cars.csv", False),
        ("inbox/mia/.csv", False),
        ("inbox/mia/", False),
        ("inbox/mia/cars.csv.tmp", False),
    ],
)
def test_a_sheet_is_known_by_its_name(
    app: AppHarness, take: SubmitDroppedSheet, key: str, taken: bool
) -> None:
    take(drop(app, "make\nVolvo\n", key))
    assert len(batches(app)) == taken


def test_a_corrected_sheet_leaves_no_error_document(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    take(drop(app, 'make\n"Vol\n'))
    assert ERRORS in app.media.objects
    corrected = drop(app, "make\nVolvo\n")
    take(corrected)
    assert ERRORS not in app.media.objects
    take(drop(app, 'make\n"Saab\n'))
    take(corrected)  # announced once more: the newer sheet's answer stays
    assert ERRORS in app.media.objects


def test_an_empty_object_followed_by_content_is_one_sheet(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    empty = drop(app, "")
    assert isinstance(take(empty), RetryLater)
    take(drop(app, "make\nVolvo\n"))
    assert take(replace(empty, age=60)) == {"ignored": KEY}
    assert len(batches(app)) == 1
    assert ERRORS not in app.media.objects


def test_a_sheet_that_stays_empty_is_refused(app: AppHarness, take: SubmitDroppedSheet) -> None:
    assert "refused" in take(replace(drop(app, ""), age=60))  # type: ignore[operator]
    assert ERRORS in app.media.objects


def test_a_sheet_waits_for_room_and_is_not_refused(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    for row in range(20):
        take(drop(app, f"make\nVolvo {row}\n"))
    waiting = drop(app, "make\nSaab\n")
    assert take(waiting) == RetryLater(app.clock.now() + timedelta(minutes=15))
    assert ERRORS not in app.media.objects
    room = SubmitBatch(app.records, app.media, app.dispatch, timedelta(days=7), 21)
    assert "batchId" in replace(take, submit=room)(waiting)  # type: ignore[operator]


def test_a_sheet_that_cannot_be_read_leaves_the_problem_in_the_outbox(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    assert take(drop(app, 'make\n"Vol\n')) == {"refused": "malformed-csv"}
    found = json.loads(app.media.bodies["outbox/mia/cars.error.json"])
    assert (found["status"], found["error"]) == (400, "Malformed CSV")
