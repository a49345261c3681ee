"""Which item each prediction belongs to."""

from datetime import datetime
from typing import Protocol


class PredictionLedger(Protocol):
    """Whose each prediction is, so that one serves one item."""

    def hold(self, provider: str, prediction_id: str, holder: str, until: datetime) -> bool:
        """Takes a prediction for `holder`; true when it is theirs, now or already.

        The record may be forgotten after `until`.
        """
        ...
