"""What was asked under a key before."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class IdempotencyState(StrEnum):
    """What an idempotency key turned out to be."""

    NEW = "new"
    DONE = "done"
    IN_PROGRESS = "in_progress"
    OTHER_CONTENT = "other_content"
    DELETED = "deleted"
    """What was created under the key has been deleted since."""


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """`resource_id` is the id to create under, kept when an interrupted request is retried."""

    state: IdempotencyState
    resource_id: str
    result: Mapping[str, Any] | None = None


class IdempotencyStore(Protocol):
    def claim(
        self,
        owner: str,
        key: str,
        content: str,
        resource_id: str,
        now: datetime,
        busy_until: datetime,
    ) -> IdempotencyRecord: ...

    def save_result(
        self, owner: str, key: str, result: Mapping[str, Any], until: datetime
    ) -> None: ...

    def release(self, owner: str, key: str) -> None:
        """Forgets a key whose request was refused."""
        ...
