"""Tokens that only this stack can create."""

from typing import Protocol


class Signer(Protocol):
    """Each `purpose` has its own key: a token for one purpose is invalid for another."""

    def sign(self, purpose: str, *parts: str) -> str:
        """Return a URL-safe token; the same parts give the same token.

        UnavailableError while the stack's secret cannot be read.
        """
        ...

    def is_signed(self, token: str, purpose: str, *parts: str) -> bool:
        """Whether the token matches these parts, compared in constant time."""
        ...
