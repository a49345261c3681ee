"""What providers refused lately."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Refusal:
    """A provider's last refusal for want of credit or for too high a rate, in its words."""

    reason: str
    at: datetime


class RefusalLog(Protocol):
    def note(self, provider: str, refusal: Refusal) -> None: ...

    def clear(self, provider: str) -> None:
        """A create was accepted since."""
        ...

    def last(self, provider: str) -> Refusal | None: ...
