import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from copy import replace
from decimal import Decimal

import pytest

from imagebatch.api.errors import problem_of
from imagebatch.domain.batch import Batch
from imagebatch.domain.budgets import Limits
from imagebatch.intake.sheet_templates import SheetTemplate
from imagebatch.intake.templates import Template
from imagebatch.ports.arrivals import ArrivedObject, SendAnew
from imagebatch.ports.item_queue import RetryLater
from imagebatch.usecases.drop_folder import SubmitDroppedSheet
from imagebatch.usecases.idempotency import IdempotentExecutor
from imagebatch.usecases.plan_sheet_batch import PlanSheetBatch
from imagebatch.usecases.templates import ManageTemplates
from testing.app_harness import MODEL, AppHarness
from testing.fakes import (
    InMemoryIdempotencyStore,
    InMemoryTemplateStore,
    InMemoryUploadStore,
)
from testing.models import a_registry, usable
from testing.sheet_cases import CASES, SheetCase, matches

KEY, ERRORS = "inbox/mia/cars.csv", "outbox/mia/cars.error.json"


@pytest.fixture
def take(app: AppHarness) -> SubmitDroppedSheet:
    templates = {name: Template("A {{make}}") for name in ("white", "hub")}
    return SubmitDroppedSheet(
        PlanSheetBatch(usable(a_registry(MODEL), "scripted"), templates, InMemoryUploadStore(), 50),
        ManageTemplates(InMemoryTemplateStore(), app.clock, {}),
        app.submit_batch,
        IdempotentExecutor(InMemoryIdempotencyStore(), app.clock, app.random),
        app.media,
        app.telemetry,
        lambda error: json.dumps(problem_of(error)).encode(),
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


def test_same_name_with_new_content_creates_another_batch(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    take(drop(app, "make\nVolvo\n"))
    take(drop(app, "make\nSaab\n"))
    assert len(batches(app)) == 2


def test_late_announcement_does_not_repeat_newer_content(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    first = drop(app, "make\nVolvo\n")
    second = drop(app, "make\nSaab\n")
    assert take(first) == {"ignored": KEY}
    take(second)
    assert len(batches(app)) == 1
    assert [key for key in app.media.objects if key.startswith("outbox/")] == []


def test_overwritten_content_waits_for_its_own_announcement(
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


def test_content_restored_after_overwrite_is_accepted(
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
    reads = app.media.calls["get"]
    assert take(waiting) == SendAnew()
    assert app.media.calls["get"] == reads, "it was read, only to wait"
    assert ERRORS not in app.media.objects
    records = replace(app.records, limits=Limits(active_batches=21))
    room = replace(app.submit_batch, records=records)
    assert "batchId" in replace(take, submit=room)(waiting)  # type: ignore[operator]


def test_sheets_dropped_at_once_take_the_room_there_is(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    sheets = [drop(app, f"make\nVolvo {n}\n", f"inbox/mia/{n}.csv") for n in range(200)]
    with ThreadPoolExecutor(len(sheets)) as pool:
        answers = list(pool.map(take, sheets))
    assert sum(answer == SendAnew() for answer in answers) == 180
    assert len(batches(app)) == 20 == len(list(app.store.unfinished("mia")))
    assert not [key for key in app.media.objects if key.startswith("outbox/")]


def test_unreadable_sheet_leaves_its_error_in_outbox(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    assert take(drop(app, 'make\n"Vol\n')) == {"refused": "malformed-csv"}
    found = json.loads(app.media.bodies["outbox/mia/cars.error.json"])
    assert (found["status"], found["error"]) == (400, "Malformed CSV")


# --- the sheets people really have ----------------------------------------------------------------


@pytest.mark.parametrize(
    "case", [case for case in CASES if not case.options.get("unknownColumns")], ids=lambda c: c.id
)
def test_a_dropped_sheet_gets_its_verdict(
    app: AppHarness, take: SubmitDroppedSheet, case: SheetCase
) -> None:
    answer = take(put(app, KEY, case.body, case.options))
    if case.error:
        problem_ = json.loads(app.media.bodies["outbox/mia/cars.error.json"])
        assert matches(case, problem_)
    assert isinstance(answer, Mapping)
    assert ("batchId" in answer) == bool(case.rows and not case.warning)
    if case.warning:
        assert answer == {"refused": "needs-a-look"}


@pytest.mark.parametrize("key", ["inbox//x.csv", "inbox/a/b/c/x.csv", "inbox/a//x.csv"])
def test_a_misplaced_sheet_is_refused_with_a_document(
    app: AppHarness, take: SubmitDroppedSheet, key: str
) -> None:
    assert take(drop(app, "make\nVolvo\n", key)) == {"refused": "misplaced"}
    assert key.replace("inbox", "outbox").replace(".csv", ".error.json") in app.media.bodies


@pytest.mark.parametrize("key", ["inbox/mia/._cars.csv", "inbox/~$cars.xlsx", "inbox/notes.txt"])
def test_what_is_no_sheet_is_ignored(take: SubmitDroppedSheet, key: str) -> None:
    assert take(ArrivedObject(key, "x", 1, age=0)) == {"ignored": key}


def test_a_folder_below_the_owner_names_the_template(
    app: AppHarness, take: SubmitDroppedSheet
) -> None:
    template = SheetTemplate(name="chairs", prompt="A {{colour}} chair")
    take.templates.put("mia", template)
    key = "inbox/mia/chairs/spring.CSV"
    batch = batch_of(app, take(drop(app, "colour,note\nred,x\n", key)))
    assert (batch.kind, batch.name, batch.options) == ("sheet", "spring", {"template": "chairs"})


def test_options_come_with_the_object(app: AppHarness, take: SubmitDroppedSheet) -> None:
    capped = put(app, KEY, b"make\nVolvo\n", {"maxcost": "0.001"})
    assert take(capped) == {"refused": "over-budget"}
    named = put(app, KEY, b"make\nSaab\n", {"name": "Spring"})
    assert batch_of(app, take(named)).name == "Spring"


def put(app: AppHarness, key: str, body: bytes, metadata: Mapping[str, str]) -> ArrivedObject:
    stored = app.media.put(key, body, "text/csv", metadata=metadata)
    return ArrivedObject(key, stored.etag, stored.size, age=0)


def batch_of(app: AppHarness, answer: object) -> Batch:
    assert isinstance(answer, Mapping)
    batch = app.store.get("mia", answer["batchId"])
    assert batch is not None
    return batch


@pytest.mark.parametrize(
    ("metadata", "cap", "make"),
    [
        ({}, "2.50", "Škoda"),
        ({"max-cost": "9"}, "9", "Škoda"),
        ({"maxCost": ""}, None, "Škoda"),
        ({"encoding": "iso-8859-1"}, "2.50", "\x8akoda"),
    ],
)
def test_defaults_are_for_sheets_that_say_nothing(
    app: AppHarness,
    take: SubmitDroppedSheet,
    metadata: dict[str, str],
    cap: str | None,
    make: str,
) -> None:
    take = replace(take, defaults={"maxCost": "2.50", "encoding": "windows-1252", "quality": ""})
    answer = take(put(app, KEY, "make\nŠkoda\n".encode("cp1252"), metadata))
    if not make.isprintable():
        assert answer == {"refused": "malformed-csv"}
        return
    batch = batch_of(app, answer)
    assert batch.max_cost == (None if cap is None else Decimal(cap))
