"""Response models of the stack's health and of budgets."""

from typing import Literal

from imagebatch.schemas.answer_fields import Money, ResponseModel, Timestamp


class QueueAnswer(ResponseModel):
    active_batches: int
    pending_items: int
    concurrency: int
    visible: int | None = None
    in_flight: int | None = None
    delayed: int | None = None
    dead_letter: int | None = None


class BudgetAnswer(ResponseModel):
    """A calendar month's money in USD; `left` is `limit` less `spent` and `reserved`."""

    month: str
    limit: Money | None
    spent: Money
    reserved: Money
    left: Money | None


class DoctorCheck(ResponseModel):
    """`advice` says what to do; empty if nothing is needed."""

    check: str
    health: Literal["ok", "warning", "problem", "unknown"]
    message: str
    advice: str


class DoctorAnswer(ResponseModel):
    """`healthy` unless a check found a problem; `time` is the service's clock."""

    healthy: bool
    time: Timestamp
    checks: list[DoctorCheck]


class Health(ResponseModel):
    status: Literal["ok"]
