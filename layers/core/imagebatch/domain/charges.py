"""The cost of a create: its price is reserved before the provider is called, then captured or
released. All amounts are in USD.
"""

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.money import ZERO
from imagebatch.domain.round_input import model_price, round_price
from imagebatch.domain.statuses import ItemStatus


def affordable(batch: Batch, item: Item) -> bool:
    """Whether another create stays within the batch's maximum cost and its round's reservation."""
    price = round_price(batch, item)
    if not batch.money.affords(price):
        return False
    return batch.max_cost is None or batch.money.committed + price <= batch.max_cost


def begin_create(
    batch: Batch, item: Item, now: datetime, model: str | None = None
) -> tuple[Batch, Item]:
    """Commit the price and use up an attempt, before the provider is called."""
    check_claimed(batch, item)
    if item.reserved:
        raise ValueError("the last create was neither spent nor given back")
    model = model or batch.model
    price = model_price(batch, item, model)
    return replace(batch, money=batch.money.commit(price)), replace(
        item,
        round_attempts=item.round_attempts + 1,
        attempts=item.attempts + 1,
        create_in_flight=True,
        create_started_at=now,
        lookup_failing_since=None,
        prediction=None,
        reserved=price,
        model=model,
    )


def record_prediction_id(item: Item, prediction: str) -> Item:
    return replace(item, prediction=prediction, create_in_flight=False, failing_since=None)


def undo_create(batch: Batch, item: Item) -> tuple[Batch, Item]:
    """Undo a create that certainly generated nothing: refund its price, and do not count the
    attempt.
    """
    batch, item = release_reservation(batch, item)
    return batch, replace(item, round_attempts=item.round_attempts - 1, attempts=item.attempts - 1)


def capture_cost(batch: Batch, item: Item, price: Decimal | None = None) -> tuple[Batch, Item]:
    """Capture the held amount, which was or may have been billed; with a price, exactly that
    amount.
    """
    spent = item.reserved if price is None else price
    return replace(batch, money=batch.money.capture(spent, item.reserved)), replace(
        item, cost=item.cost + spent, reserved=ZERO, create_in_flight=False, prediction=None
    )


def release_reservation(batch: Batch, item: Item) -> tuple[Batch, Item]:
    """Release the held amount, which was certainly not billed."""
    return replace(batch, money=batch.money.release(item.reserved)), replace(
        item, reserved=ZERO, create_in_flight=False, prediction=None
    )


def check_claimed(batch: Batch, item: Item) -> None:
    """ValueError unless the item was claimed in the current round."""
    if item.status is not ItemStatus.PROCESSING or item.round != batch.round:
        raise ValueError(f"item {item.index} is {item.status} and not claimed in this round")
