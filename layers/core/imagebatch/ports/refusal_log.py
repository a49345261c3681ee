"""Recent rejections by providers."""

from datetime import datetime
from typing import Protocol

from imagebatch.structs import Struct


class Refusal(Struct, frozen=True):
    """A provider's last rejection for lack of credit or for its rate limit, with the provider's
    text.
    """

    reason: str
    at: datetime


class RefusalLog(Protocol):
    def note(self, provider: str, refusal: Refusal) -> None: ...

    def clear(self, provider: str) -> None:
        """Forget the rejection: a create was accepted since."""
        ...

    def last(self, provider: str) -> Refusal | None: ...
