"""The cost of a create: its price is reserved before the provider is called, then captured or
released. All amounts are in USD.
"""

from datetime import datetime
from decimal import Decimal

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.round_input import model_price, round_price
from imagebatch.domain.statuses import ItemStatus
from imagebatch.structs import replace


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
    if item.state.reserved:
        raise ValueError("the last create was neither spent nor given back")
    model = model or batch.model
    price = model_price(batch, item, model)
    return replace(batch, money=batch.money.commit(price)), replace(
        item, model=model, state=item.state.begin_attempt(price, now)
    )


def record_prediction_id(item: Item, prediction: str) -> Item:
    return replace(item, state=item.state.record_prediction(prediction))


def undo_create(batch: Batch, item: Item) -> tuple[Batch, Item]:
    """Undo a create that certainly generated nothing: refund its price, and do not count the
    attempt.
    """
    batch, item = release_reservation(batch, item)
    return batch, replace(item, state=item.state.uncount_attempt())


def capture_cost(batch: Batch, item: Item, price: Decimal | None = None) -> tuple[Batch, Item]:
    """Capture the held amount, which was or may have been billed; with a price, exactly that
    amount.
    """
    reserved = item.state.reserved
    spent = reserved if price is None else price
    return replace(batch, money=batch.money.capture(spent, reserved)), replace(
        item, cost=item.cost + spent, state=item.state.end_attempt()
    )


def release_reservation(batch: Batch, item: Item) -> tuple[Batch, Item]:
    """Release the held amount, which was certainly not billed."""
    money = batch.money.release(item.state.reserved)
    return replace(batch, money=money), replace(item, state=item.state.end_attempt())


def check_claimed(batch: Batch, item: Item) -> None:
    """ValueError unless the item was claimed in the current round."""
    if item.status is not ItemStatus.PROCESSING or item.round != batch.round:
        raise ValueError(f"item {item.index} is {item.status} and not claimed in this round")
