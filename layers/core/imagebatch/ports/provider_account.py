"""A provider's account."""

from typing import Protocol


class ProviderAccount(Protocol):
    def check(self) -> None:
        """Send one free request with the configured key. Raises the ProviderError family."""
        ...
