"""A rehearsal through the real machine: its provider alone is told what to do."""

from copy import replace

import pytest

from imagebatch.adapters.images import PillowValidator
from imagebatch.adapters.providers.development import DevelopmentProvider
from imagebatch.domain.errors import FailureCode
from imagebatch.domain.item import ItemSpec
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.statuses import BatchStatus
from testing.app_harness import OWNER, PRICE, AppHarness


def rehearse(*fates: str, mode: Mode = Mode.DEVELOPMENT) -> AppHarness:
    """A batch whose rows meet these fates, run to its end."""
    app = AppHarness()
    gateway = replace(
        app.process_item.perform.gateway,
        providers={"development": DevelopmentProvider(app.clock, 0), "scripted": app.provider},
    )
    validator = app.validator if mode is Mode.LIVE else PillowValidator()
    collect = replace(app.process_item.perform.collect, gateway=gateway, validator=validator)
    perform = replace(app.process_item.perform, gateway=gateway, collect=collect)
    app.process_item = replace(app.process_item, perform=perform)
    items = tuple(
        ItemSpec(
            index=at, custom_id=f"c{at}", row=at + 2, prompt=str(at), stem=str(at), price=PRICE,
            input={}, fate=fate,
        )
        for at, fate in enumerate(fates)
    )  # fmt: skip
    app.submit(items=items, mode=mode)
    app.dispatch_items(OWNER, "b1", 1)
    app.drain()
    app.finish()
    return app


@pytest.mark.parametrize("code", FailureCode)
def test_every_failure_code_can_be_rehearsed(code: FailureCode) -> None:
    app = rehearse(code)
    failure = app.item(0).failure
    assert failure is not None
    assert (app.statuses, failure.code) == ("f", code)


@pytest.mark.parametrize("fate", ["", "throttled:20", "lost", "slow:30"])
def test_these_fates_end_well(fate: str) -> None:
    assert rehearse(fate).statuses == "s"


def test_fates_take_the_time_they_say() -> None:
    usual, slow, throttled = (rehearse(fate) for fate in ("", "slow:30", "throttled:45"))
    seconds = [app.clock.now() - usual.clock.now() for app in (slow, throttled)]
    assert [each.total_seconds() >= 29 for each in seconds] == [True, True]


def test_a_lost_create_uses_up_a_try() -> None:
    app = rehearse("lost")
    assert (app.item(0).state.attempts, app.item(0).cost) == (2, 2 * PRICE)


@pytest.mark.slow
def test_the_same_rehearsal_ends_the_same() -> None:
    fates = ["refused", "", "timeout", "invalid_output", "lost", "throttled:9", "crashed"]
    first, again = rehearse(*fates), rehearse(*fates)
    assert first.statuses == again.statuses == "fsffssf"
    assert [i.failure for i in first.store.items(OWNER, "b1")] == [
        i.failure for i in again.store.items(OWNER, "b1")
    ]


def test_a_retry_meets_no_fate_again() -> None:
    app = rehearse("refused", "timeout")
    app.retry_batch(OWNER, "b1")
    app.dispatch_items(OWNER, "b1", 2)
    app.drain()
    assert (app.statuses, app.finish().status) == ("ss", BatchStatus.COMPLETED)


def test_a_live_batch_meets_no_fate() -> None:
    assert rehearse("refused", mode=Mode.LIVE).statuses == "s"


@pytest.mark.parametrize("code", [FailureCode.PROVIDER_AUTH, FailureCode.MODEL_UNAVAILABLE])
def test_a_fate_that_stops_the_round_fails_the_rest(code: FailureCode) -> None:
    app = rehearse(code, "", "")
    codes = {item.failure.code for item in app.store.items(OWNER, "b1") if item.failure}
    assert (app.statuses, codes) == ("fff", {code})
