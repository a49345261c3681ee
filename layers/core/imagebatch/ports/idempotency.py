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
    BUSY = "busy"
    OTHER_CONTENT = "other_content"


@dataclass(frozen=True, slots=True)
class IdempotencyRecord:
    """`subject` is the id to create under: the same one again when an earlier try died half way."""

    state: IdempotencyState
    subject: str
    answer: Mapping[str, Any] | None = None


class IdempotencyStore(Protocol):
    def claim(
        self, owner: str, key: str, content: str, subject: str, now: datetime, busy_until: datetime
    ) -> IdempotencyRecord: ...

    def answer(self, owner: str, key: str, answer: Mapping[str, Any], until: datetime) -> None: ...

    def release(self, owner: str, key: str) -> None:
        """Forgets a key whose request was refused."""
        ...
