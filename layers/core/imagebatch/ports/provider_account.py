"""A provider's account."""

from typing import Protocol


class ProviderAccount(Protocol):
    def check(self) -> None:
        """One free request with the configured key. Raises the ProviderError family."""
        ...
