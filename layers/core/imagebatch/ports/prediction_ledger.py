"""Which item each prediction belongs to."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class PredictionLedger(Protocol):
    """The holder of each prediction, so that a prediction serves one item only."""

    def hold(self, provider: str, prediction_id: str, holder: str, until: datetime) -> bool:
        """Claim a prediction for `holder`; true if the holder has it, now or already.

        The record may be removed after `until`.
        """
        ...

    def are_held(self, provider: str, prediction_ids: Sequence[str]) -> bool:
        """Return whether each prediction has a holder."""
        ...
