"""A create whose answer was lost is looked for before another is made."""

from copy import replace
from datetime import timedelta
from random import Random

import pytest

from imagebatch.domain.errors import FailureCode, ProviderUnavailableError, RateLimitedError
from imagebatch.domain.statuses import BatchStatus, ItemStatus
from imagebatch.ports.item_queue import ItemMessage, RetryLater
from testing.app_harness import MODEL, OWNER, PRICE, AppHarness, a_row
from testing.fakes.provider import NEVER_ARRIVED, Made
from testing.models import a_model
from tests.usecases.fault_injection import FaultInjector, FaultKind, InjectedFault
from tests.usecases.scheduler import Scheduler

LOST = ProviderUnavailableError("cut", maybe_billed=True)
WORKER = 60.0


def run(app: AppHarness, size: int = 1) -> None:
    app.start(size)
    Scheduler(app).run()


def test_what_a_lost_create_made_is_collected(app: AppHarness) -> None:
    app.provider.script("0", LOST)
    run(app)
    assert (app.statuses, app.item(0).state.attempts, len(app.provider.made)) == ("s", 1, 1)
    assert app.batch.money.actual == PRICE


def test_create_that_never_arrived_is_no_attempt(app: AppHarness) -> None:
    app.provider.script("0", NEVER_ARRIVED)
    run(app)
    assert (app.statuses, app.item(0).state.attempts, len(app.provider.made)) == ("s", 1, 1)
    assert app.batch.money.actual == app.batch.money.committed == PRICE


@pytest.mark.parametrize(("held", "creates"), [(True, 1), (False, 2)])
def test_removed_input_of_another_create_decides_nothing(
    app: AppHarness, creates: int, *, held: bool
) -> None:
    """With a holder it is certainly another's; without, it may be the lost one."""
    app.provider.script("0", NEVER_ARRIVED)
    app.start(1)
    message = app.queue.sent[0].message
    app.deliver(message)
    app.provider.create(app.process_item.perform.gateway.request(app.batch, app.item(0)))
    [other] = app.provider.made
    other.input_removed, other.created = True, app.clock.now()
    if held:
        app.ledger.holders["scripted", other.id] = "another"
    Scheduler(app).run()
    assert (app.statuses, app.item(0).state.attempts) == ("s", creates)


def test_lost_create_is_found_beside_removed_inputs(app: AppHarness) -> None:
    app.provider.script("0", LOST)

    def add_removed(made: Made) -> None:
        app.provider.after_create = lambda _: None
        app.provider.made.append(replace(made, id="removed", input_removed=True))

    app.provider.after_create = add_removed
    run(app)
    assert (app.statuses, app.item(0).state.attempts, app.batch.money.actual) == ("s", 1, PRICE)


def test_equal_rows_wait_where_not_all_is_listed(app: AppHarness) -> None:
    """The list of fal has only ended requests: that of an equal row does not settle this one."""
    app.provider.lists_all = False
    app.provider.script("0", NEVER_ARRIVED)

    def take(made: Made) -> None:
        app.ledger.holders["scripted", made.id] = "another"

    app.provider.after_create = take
    app.start(1)
    app.deliver()
    app.provider.after_create = lambda _: None
    Scheduler(app).run()
    assert (app.statuses, app.item(0).state.attempts, app.batch.money.actual) == ("s", 2, 2 * PRICE)


def test_provider_without_listing_leaves_create_spent(app: AppHarness) -> None:
    app.provider.lists = False
    app.provider.script("0", LOST)
    run(app)
    assert (app.statuses, app.item(0).state.attempts, len(app.provider.made)) == ("s", 2, 2)
    assert app.batch.money.actual == 2 * PRICE


def test_equal_rows_share_no_prediction(app: AppHarness) -> None:
    """Each of two equal rows has its image, although both looked for the same."""
    app.start(items=tuple(replace(a_row(n), prompt="twin") for n in range(2)))
    app.provider.script("twin", LOST, LOST)
    Scheduler(app).run()
    assert (app.statuses, len(app.provider.made)) == ("ss", 2)
    assert app.item(0).image.key != app.item(1).image.key  # type: ignore[union-attr]
    assert app.batch.money.actual == 2 * PRICE


def test_prediction_of_an_equal_row_is_not_reused(app: AppHarness) -> None:
    app.start(1)

    def taken(made: Made) -> None:
        app.ledger.holders["scripted", made.id] = "another"
        app.provider.after_create = lambda _: None

    app.provider.after_create = taken
    Scheduler(app).run()
    assert (app.statuses, app.item(0).state.attempts, len(app.provider.made)) == ("s", 1, 2)


def test_predictions_from_before_the_create_are_not_looked_at(app: AppHarness) -> None:
    app.provider.script("0", None, NEVER_ARRIVED)
    app.start(1)
    message = app.queue.sent[0].message
    other = app.provider.create(app.process_item.perform.gateway.request(app.batch, app.item(0)))
    app.clock.advance(5)
    app.deliver(message)
    Scheduler(app).run()
    assert other.id not in str(app.item(0).image)
    assert len(app.provider.made) == 2


@pytest.mark.parametrize("error", [ProviderUnavailableError("503"), RateLimitedError("slow", 30)])
def test_failed_lookup_is_repeated(app: AppHarness, error: ProviderUnavailableError) -> None:
    app.provider.script("0", LOST)
    app.provider.listing_faults.extend([error] * 3)
    run(app)
    assert (app.statuses, len(app.provider.made)) == ("s", 1)


def test_failed_lookup_long_after_a_kill_is_repeated(app: AppHarness) -> None:
    """However late the message comes back, one failed lookup decides nothing."""

    def kill(_: Made) -> None:
        app.provider.after_create = lambda _: None
        raise RuntimeError("killed")

    app.provider.after_create = kill
    app.start(1)
    message = app.queue.pop()
    with pytest.raises(RuntimeError):
        app.deliver(message)
    app.clock.advance(3600)
    app.provider.listing_faults.append(ProviderUnavailableError("503"))
    app.deliver(message)
    Scheduler(app).run()
    assert (app.statuses, app.item(0).state.attempts, len(app.provider.made)) == ("s", 1, 1)


def test_what_cannot_be_asked_for_long_counts_as_spent(app: AppHarness) -> None:
    app.provider.script("0", LOST)
    app.provider.listing_faults.extend([ProviderUnavailableError("503")] * 1000)
    run(app)
    assert (app.statuses, app.item(0).state.attempts, len(app.provider.made)) == ("s", 2, 2)
    assert app.clock.now() - app.batch.created_at >= timedelta(seconds=900)


def test_early_redelivery_waits_for_the_lookup(app: AppHarness) -> None:
    app.provider.script("0", LOST)
    app.start(1)
    message = app.queue.sent[0].message
    app.deliver(message)
    busy = app.deliver(message)
    assert isinstance(busy, RetryLater)
    assert busy.until - app.clock.now() == timedelta(seconds=10)


def test_a_cancel_looks_for_it_and_stops_it(app: AppHarness) -> None:
    app.provider.seconds = 200
    app.provider.script("0", LOST)
    app.start(1)
    app.deliver()
    app.cancel_batch(OWNER, "b1")
    assert app.batch.status is BatchStatus.CANCELLING
    Scheduler(app).run()
    assert (app.statuses, app.provider.made[0].cancelled) == ("c", True)
    assert app.batch.money.committed == 0


def test_a_cancel_refunds_what_never_arrived(app: AppHarness) -> None:
    app.provider.script("0", NEVER_ARRIVED)
    app.start(1)
    app.deliver()
    app.cancel_batch(OWNER, "b1")
    Scheduler(app).run()
    assert (app.statuses, app.batch.money.committed) == ("c", 0)


def test_a_dead_letter_collects_what_a_lost_create_made(app: AppHarness) -> None:
    app.provider.script("0", LOST)
    app.start(1)
    message = app.queue.sent[0].message
    app.deliver(message)
    app.clock.advance(20)
    assert app.dead_letter(message, 120) is None
    assert (app.statuses, len(app.provider.made)) == ("s", 1)


def test_a_dead_letter_refunds_what_never_arrived(app: AppHarness) -> None:
    app.provider.script("0", NEVER_ARRIVED)
    app.start(1)
    message = app.queue.sent[0].message
    app.deliver(message)
    app.clock.advance(20)
    assert app.dead_letter(message, 120) is None
    assert app.item(0).failure.code is FailureCode.CRASHED  # type: ignore[union-attr]
    assert app.batch.money.committed == 0


def test_no_other_model_after_an_undecided_create(app: AppHarness) -> None:
    app.provider.lists = False
    app.provider.script("0", LOST, RateLimitedError("slow down", 400))
    app.start(1, models=(MODEL, a_model("other")))
    Scheduler(app).run()
    assert app.statuses == "s"
    assert (app.item(0).model, app.provider.asked["other"]) == ("m", 0)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(6))
def test_sixty_rows_sixty_creates_whatever_is_lost_or_killed(seed: int) -> None:
    """Every third answer to a create is lost, and a third of the deliveries die somewhere."""
    app = AppHarness()
    random, killed = Random(seed), 0  # noqa: S311 - no secret
    app.provider.after_create = lambda made: _lose(made, app)
    injector = FaultInjector(app, lambda _: None)

    def deliver(message: ItemMessage) -> RetryLater | None:
        nonlocal killed
        kind = random.choice([FaultKind.KILL, FaultKind.KILL_AFTER])
        plan = [InjectedFault(random.randrange(14), kind)] if random.random() < 0.35 else []
        end = app.clock.now() + timedelta(seconds=WORKER)
        done, busy = injector.run(lambda: app.deliver(message, WORKER), plan, end)
        if not done:
            killed += 1
            raise RuntimeError("killed")
        return busy  # type: ignore[no-any-return]

    app.start(60)
    Scheduler(app, deliver).run()
    assert killed > 10
    assert app.statuses == 60 * "s"
    assert len(app.provider.made) == 60
    assert app.batch.money.actual == app.batch.money.committed == 60 * PRICE
    assert {app.item(n).status for n in range(60)} == {ItemStatus.SUCCEEDED}


def _lose(made: Made, app: AppHarness) -> None:
    if len(app.provider.made) % 3 == 0:
        raise LOST
