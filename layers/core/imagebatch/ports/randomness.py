"""Randomness."""

from typing import Protocol


class Randomness(Protocol):
    def new_id(self) -> str:
        """Return an unguessable identifier, safe in a URL, a key and an execution's name."""
        ...

    def jitter(self) -> float:
        """A number in [0, 1)."""
        ...
