"""Randomness."""

from typing import Protocol


class Randomness(Protocol):
    def new_id(self) -> str:
        """An identifier nobody can guess, safe in a URL, a key and an execution's name."""
        ...

    def jitter(self) -> float:
        """A number in [0, 1)."""
        ...
