"""Messages of files that could not be taken in."""

from collections.abc import Callable
from typing import Protocol

from imagebatch.ports.deletion import KeepGoing


class AbandonedArrivals(Protocol):
    """Announced files that were given up: nobody takes them, and they name their owner's folder."""

    def remove(self, is_wanted: Callable[[str], bool], keep_going: KeepGoing) -> bool:
        """Removes those whose keys are wanted and leaves the others. True when none is left."""
        ...
