"""What a batch writes to the table, in the units that AWS bills."""

from collections import Counter
from decimal import Decimal
from importlib.resources import files
from typing import Any

import pytest

from imagebatch.adapters.dynamodb import DynamoDBBatchStore
from imagebatch.adapters.dynamodb.accounts import DynamoDBAccountStore
from imagebatch.adapters.dynamodb.outages import DynamoDBPredictionLedger
from imagebatch.domain.item import ItemSpec
from imagebatch.domain.statuses import BatchStatus
from testing.app_harness import OWNER, AppHarness
from testing.aws import TABLE, no_sleep
from testing.awsfaults import event
from testing.capacity import write_units

ROWS = 50
OPERATIONS = ("TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem")
PROMPT = (files("imagebatch.data") / "prompts" / "car.hub.txt").read_text("utf-8")


@pytest.fixture
def units(dynamodb: Any) -> Counter[str]:
    counted: Counter[str] = Counter()

    def count(params: Any, model: Any, **_: Any) -> None:
        counted[model.name] += write_units(model.name, params)

    for operation in OPERATIONS:
        name = event(dynamodb, "before-parameter-build", operation)
        dynamodb.meta.events.register(name, count)
    return counted


def a_row(index: int, variant: int | None) -> ItemSpec:
    prompt = f"{PROMPT} Car {index}."
    own = {"variant_id": variant, "archive_dir": "Shirt-Red"} if variant else {}
    return ItemSpec(
        index=index,
        custom_id=f"row-{index + 2:04d}",
        row=index + 2,
        prompt=prompt,
        stem=f"Volvo-XC90-2024-suv-Ultra-white-{index}",
        price=Decimal("0.05"),
        input={"prompt": prompt, "aspect_ratio": "16:9", "safety_filter_level": "block_only_high"},
        aspect_ratio="16:9",
        **own,
    )


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "most"), [(None, 15.7), (7, 19.7)])
def test_an_item_costs_few_write_units(
    dynamodb: Any, units: Counter[str], variant: int | None, most: float
) -> None:
    """An image for a variant is listed in two folders besides."""
    store = DynamoDBBatchStore(dynamodb, TABLE, sleep=no_sleep)
    app = AppHarness(
        store=store,
        accounts=DynamoDBAccountStore(dynamodb, TABLE, sleep=no_sleep),
        ledger=DynamoDBPredictionLedger(dynamodb, TABLE, sleep=no_sleep),
    )
    metadata = {f"key-{n}": "v" * 200 for n in range(16)}
    app.submit(items=tuple(a_row(n, variant) for n in range(ROWS)), metadata=metadata)
    app.dispatch_items(OWNER, "b1", 1)
    app.drain()
    assert app.batch.status is BatchStatus.ARCHIVING
    assert units.total() / ROWS <= most
