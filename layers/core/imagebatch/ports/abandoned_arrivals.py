"""Messages of dropped files whose intake failed."""

from collections.abc import Callable
from typing import Protocol

from imagebatch.ports.deletion import KeepGoing


class AbandonedArrivals(Protocol):
    """Announced files that were abandoned: no function consumes them, and they name their owner's
    folder.
    """

    def remove(self, is_wanted: Callable[[str], bool], keep_going: KeepGoing) -> bool:
        """Remove those whose keys are wanted and keep the others. True if none is left."""
        ...
