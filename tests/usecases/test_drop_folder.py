import json
from collections.abc import Callable

import pytest

from imagebatch.domain.errors import UnavailableError
from imagebatch.intake.templates import Template
from imagebatch.schemas.problem import problem
from imagebatch.usecases.drop_folder import TakeDroppedSheet
from imagebatch.usecases.idempotency import Once
from imagebatch.usecases.plan_car_batch import TakeCarSheet
from testing.fakes import InMemoryIdempotencyStore
from tests.usecases.world import REGISTRY, World

KEY = "inbox/mia/cars.csv"


@pytest.fixture
def take(world: World) -> TakeDroppedSheet:
    templates = {name: Template("A {{make}}") for name in ("white", "hub")}
    return TakeDroppedSheet(
        TakeCarSheet(REGISTRY, templates, frozenset({"scripted"}), 50),
        world.submit_batch,
        Once(InMemoryIdempotencyStore(), world.clock, world.ids),
        world.media,
        world.journal,
        lambda error: json.dumps(problem(error)).encode(),
        "drop-folder",
    )


def drop(world: World, text: str) -> str:
    """The ETag that the arrival is announced with."""
    return world.media.put(KEY, text.encode(), "text/csv").etag


def batches(world: World) -> list[str]:
    return [batch.id for batch in world.store.list_batches("mia", limit=100).items]


def test_an_arrival_that_is_announced_twice_is_one_batch(
    world: World, take: TakeDroppedSheet
) -> None:
    etag = drop(world, "make\nVolvo\n")
    assert take(KEY, etag) == take(KEY, etag)
    assert len(batches(world)) == 1


def test_the_same_name_with_new_content_is_a_new_batch(
    world: World, take: TakeDroppedSheet
) -> None:
    take(KEY, drop(world, "make\nVolvo\n"))
    take(KEY, drop(world, "make\nSaab\n"))
    assert len(batches(world)) == 2


def test_an_announcement_that_is_late_does_not_make_the_newer_content_twice(
    world: World, take: TakeDroppedSheet
) -> None:
    first = drop(world, "make\nVolvo\n")
    second = drop(world, "make\nSaab\n")
    assert take(KEY, first) == {"ignored": KEY}
    take(KEY, second)
    assert len(batches(world)) == 1
    assert [key for key in world.media.objects if key.startswith("outbox/")] == []


def test_content_that_is_overwritten_while_it_is_read_is_left_to_its_own_announcement(
    world: World, take: TakeDroppedSheet, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = drop(world, "make\nVolvo\n")
    overwritten: list[str] = []
    monkeypatch.setattr(world.media, "get", _then_read(world, overwritten))
    assert take(KEY, first) == {"ignored": KEY}
    monkeypatch.undo()
    take(KEY, overwritten[0])
    assert len(batches(world)) == 1


def _then_read(world: World, overwritten: list[str]) -> Callable[[str], bytes | None]:
    read = world.media.get

    def get(key: str) -> bytes | None:
        overwritten.append(drop(world, "make\nSaab\n"))
        return read(key)

    return get


def test_content_that_comes_back_after_it_was_overwritten_is_taken(
    world: World, take: TakeDroppedSheet
) -> None:
    first = drop(world, "make\nVolvo\n")
    drop(world, "make\nSaab\n")
    take(KEY, first)
    assert "batchId" in take(KEY, drop(world, "make\nVolvo\n"))


def test_a_file_that_is_gone_is_not_refused_but_tried_again(
    world: World, take: TakeDroppedSheet
) -> None:
    with pytest.raises(UnavailableError):
        take(KEY, '"etag"')


def test_a_sheet_that_cannot_be_read_leaves_the_problem_in_the_outbox(
    world: World, take: TakeDroppedSheet
) -> None:
    assert take(KEY, drop(world, 'make\n"Vol\n')) == {"refused": "malformed-csv"}
    found = json.loads(world.media.bodies["outbox/mia/cars.error.json"])
    assert (found["status"], found["error"]) == (400, "Malformed CSV")
