"""Images made again: which items run, what they are sent, and what they are afterwards."""

from decimal import Decimal
from typing import Any

import pytest

from imagebatch.api.errors import status_of
from imagebatch.domain.effective_status import last_redo_of
from imagebatch.domain.errors import (
    FailureCode,
    InvalidRequestError,
    OverBudgetError,
    StateConflictError,
    UnavailableError,
)
from imagebatch.domain.item import ItemSpec
from imagebatch.domain.model_registry import Quality
from imagebatch.domain.statuses import BatchStatus
from imagebatch.usecases.round_models import RoundOptions
from testing.app_harness import OWNER, PRICE, AppHarness
from tests.usecases.test_process_item import failed

REFUSED = failed(FailureCode.CONTENT_REFUSED)


@pytest.fixture
def app() -> AppHarness:
    return AppHarness()


def made(app: AppHarness, index: int) -> list[str]:
    return [version.image.key for version in app.item(index).all_versions]


def test_redo_runs_named_items_in_any_status(app: AppHarness) -> None:
    app.provider.script("1", REFUSED)
    app.run(4)
    batch = app.redo_items("c1", "c2", "c1")
    assert (batch.round, batch.status, app.statuses) == (2, BatchStatus.PROCESSING, "spps")
    app.drain()
    assert app.finish().status is BatchStatus.COMPLETED
    assert app.statuses == "ssss"
    assert [len(made(app, index)) for index in range(4)] == [1, 1, 2, 1]
    assert len(app.provider.made) == 4 + 2


def test_the_newest_image_is_the_chosen_one(app: AppHarness) -> None:
    app.run(1)
    first = app.item(0)
    app.redo_items("c0", note="wheels straight", seed=None)
    assert app.item(0).image == first.image
    app.drain()
    second = app.finish() and app.item(0)
    assert [v.round for v in second.all_versions] == [1, 2]
    assert second.all_versions[0].image == first.image
    assert second.image == second.all_versions[1].image != first.image
    assert second.chosen_number == 2
    assert [v.note for v in second.all_versions] == ["", "wheels straight"]
    assert sum(v.cost for v in second.all_versions) == second.cost == 2 * PRICE


def test_the_note_follows_the_prompt_until_another_replaces_it(app: AppHarness) -> None:
    app.run(1)
    for note in ("wheels straight", None, "blue", ""):
        app.redo_items("c0", note=note)
        app.drain()
        app.finish()
    sent = [request.prompt for request in app.provider.requests]
    assert sent == ["0", "0\nwheels straight", "0\nwheels straight", "0\nblue", "0"]
    assert [request.input["prompt"] for request in app.provider.requests] == sent


def test_a_redo_drops_the_seed_of_the_row(app: AppHarness) -> None:
    spec = ItemSpec(
        index=0, custom_id="c0", row=2, prompt="0", stem="car-0", price=PRICE,
        input={"prompt": "0", "seed": 7}, settings={"seed": 7}, cells=("0",),
    )  # fmt: skip
    app.run(items=(spec,))
    for wanted in ({}, {"seed": 9}, {}):
        app.redo_items("c0", options=RoundOptions(model="other"), **wanted)
        app.drain()
        app.finish()
    assert [r.input.get("seed") for r in app.provider.requests] == [7, None, 9, None]


@pytest.mark.parametrize("ending", ["refused", "cancelled", "cancelled when claimed"])
def test_item_keeps_its_image_after_failed_redo(app: AppHarness, ending: str) -> None:
    app.run(2)
    before = app.item(1)
    app.redo_items("c1")
    if ending == "refused":
        app.provider.script("1", REFUSED)
    elif ending == "cancelled":
        app.cancel_batch(OWNER, "b1")
    else:
        app.provider.after_create = lambda _: app.cancel_batch(OWNER, "b1")
        app.provider.seconds = 50
    app.drain()
    batch, item = app.finish(), app.item(1)
    assert (app.statuses, batch.counts.failed, batch.errors) == ("ss", 0, ())
    assert (item.image, item.file, item.state.settled_at) == (
        before.image,
        before.file,
        before.state.settled_at,
    )
    found = last_redo_of(batch, item)
    assert found is not None
    code = FailureCode.CONTENT_REFUSED if ending == "refused" else None
    assert (found.round, found.code) == (2, code)
    app.provider.after_create = lambda _: None
    app.redo_items("c0")
    app.drain()
    app.finish()
    assert app.statuses == "ss"
    assert last_redo_of(app.batch, app.item(1)) == found
    assert last_redo_of(app.batch, app.item(0)) is None


def test_unclaimed_items_of_cancelled_redo_stay_cancelled(app: AppHarness) -> None:
    app.provider.script("0", REFUSED)
    app.provider.script("1", REFUSED, REFUSED)
    app.run(3)
    app.redo_items("c0")
    app.cancel_batch(OWNER, "b1")
    app.finish()
    assert app.statuses == "cfs"
    app.retry_batch(OWNER, "b1")
    assert app.statuses == "cps"
    app.dispatch_items(OWNER, "b1", 3)
    app.drain()
    app.finish()
    app.redo_items("c2")
    app.drain()
    app.finish()
    assert app.statuses == "cfs"
    app.redo_items("c0", "c1")
    app.drain()
    app.finish()
    assert app.statuses == "sss"


def test_redo_of_others_leaves_failed_items_unchanged(app: AppHarness) -> None:
    app.provider.script("0", REFUSED)
    app.run(2)
    app.redo_items("c1")
    assert app.statuses == "fp"
    assert [error.index for error in app.batch.errors] == [0]
    app.drain()
    app.finish()
    app.retry_batch(OWNER, "b1")
    assert app.statuses == "ps"


def test_another_model_is_priced_and_recorded(app: AppHarness) -> None:
    app.run(2)
    options = RoundOptions(model="other", quality=Quality.HD, max_cost=Decimal("1.00"))
    batch = app.redo_items("c1", options=options)
    assert (batch.model, batch.quality, batch.estimated) == ("other", Quality.HD, Decimal("0.26"))
    app.drain()
    batch = app.finish()
    assert batch.money.actual == batch.money.committed == Decimal("0.26")
    assert [version.model for version in app.item(1).all_versions] == ["m", "other"]
    assert app.provider.requests[-1].input == {"prompt": "1", "resolution": "2K"}
    app.redo_items("c0")
    assert app.batch.model == "other"


def test_the_cap_holds_over_redos(app: AppHarness) -> None:
    app.run(2, max_cost=3 * PRICE)
    with pytest.raises(OverBudgetError, match="Estimated cost is over"):
        app.redo_items("c0", "c1")
    with pytest.raises(InvalidRequestError, match="below the amount spent"):
        app.redo_items("c0", options=RoundOptions(max_cost=PRICE))
    app.redo_items("c0", "c1", options=RoundOptions(max_cost=4 * PRICE))
    app.drain()
    assert app.finish().money.committed == app.batch.max_cost == 4 * PRICE


@pytest.mark.parametrize(
    ("wanted", "error"),
    [
        ({"options": RoundOptions(model="gone")}, "Unknown model"),
        ({"options": RoundOptions(quality=Quality.ULTRA)}, "Model cannot make"),
        ({"seed": 1}, "Model cannot make"),
        ({"note": "n" * 4_000}, "Some items cannot be regenerated"),
    ],
)
def test_a_redo_that_cannot_be_is_refused(
    app: AppHarness, wanted: dict[str, Any], error: str
) -> None:
    before = app.run(1)
    with pytest.raises(InvalidRequestError, match=error):
        app.redo_items("c0", **wanted)
    assert app.batch == before


def test_unknown_items_are_named(app: AppHarness) -> None:
    app.run(2)
    with pytest.raises(InvalidRequestError) as refused:
        app.redo_items("c0", "c7", "row-0002")
    assert [each["customId"] for each in refused.value.details] == ["c7", "row-0002"]


def test_a_running_batch_takes_no_redo(app: AppHarness) -> None:
    app.start(2)
    with pytest.raises(StateConflictError, match="not finished"):
        app.redo_items("c0")


def test_after_retention_nothing_is_made_again(app: AppHarness) -> None:
    app.run(1)
    app.clock.advance(8 * 86_400)
    with pytest.raises(StateConflictError) as refused:
        app.redo_items("c0")
    assert status_of(refused.value) == 410


def test_a_redo_that_comes_again_opens_nothing_more(app: AppHarness) -> None:
    app.run(1)
    app.dispatch.fail_next("send", UnavailableError("lost"))
    with pytest.raises(UnavailableError):
        app.redo_items("c0", request="r1")
    assert app.redo_items("c0", request="r1").round == 2
    app.drain()
    app.finish()
    assert app.redo_items("c0", request="r1").round == 2
    assert len(app.provider.made) == 2


@pytest.mark.slow
def test_many_items_are_made_again_at_once(app: AppHarness) -> None:
    app.run(120)
    app.redo_items(*(f"c{n}" for n in range(0, 120, 2)))
    assert app.statuses == "ps" * 60
    app.cancel_batch(OWNER, "b1")
    assert app.statuses == "s" * 120
