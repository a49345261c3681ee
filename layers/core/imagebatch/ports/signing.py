"""Tokens that only this stack can make."""

from typing import Protocol


class Signer(Protocol):
    """Each `purpose` has a key of its own: no token of one is good for another."""

    def sign(self, purpose: str, *parts: str) -> str:
        """A token that is safe in a URL; the same parts give the same one.

        UnavailableError while the stack's secret cannot be read.
        """
        ...

    def is_signed(self, token: str, purpose: str, *parts: str) -> bool:
        """Whether the token is that of these parts, compared in constant time."""
        ...
