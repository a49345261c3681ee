"""Earlier requests by their idempotency key."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from imagebatch.structs import Struct


class IdempotencyState(StrEnum):
    """The state of an idempotency key."""

    NEW = "new"
    DONE = "done"
    IN_PROGRESS = "in_progress"
    OTHER_CONTENT = "other_content"
    DELETED = "deleted"
    """The resource created under the key has been deleted since."""


class IdempotencyRecord(Struct, frozen=True):
    """`resource_id` is the ID to create under, reused when an interrupted request is retried."""

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
        """Forget a key whose request was rejected."""
        ...
