"""Records a provider's last rejection for lack of credit or for its rate limit, for operators.

A create that is accepted later clears it.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import override

from imagebatch.domain.errors import ProviderAuthError, RateLimitedError
from imagebatch.ports.clock import Clock
from imagebatch.ports.providers import CreateLookup, ImageProvider, ImageRequest, Prediction
from imagebatch.ports.refusal_log import Refusal, RefusalLog

MIN_SECONDS_BETWEEN_NOTES = 60.0


class NotingProvider(ImageProvider):
    """Passes every call to the provider; a record that cannot be written is skipped.

    This includes any exception: after a create, it would lose the prediction, which is paid for,
    and have the image generated again.
    """

    def __init__(
        self,
        name: str,
        provider: ImageProvider,
        log: RefusalLog,
        clock: Clock,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name = name
        self._provider = provider
        self._log = log
        self._clock = clock
        self._monotonic = monotonic
        self._next_note = float("-inf")
        self._next_clear = float("-inf")

    @override
    def create(self, request: ImageRequest) -> Prediction:
        try:
            prediction = self._provider.create(request)
        except (RateLimitedError, ProviderAuthError) as error:
            self._note(str(error))
            raise
        self._clear()
        return prediction

    @override
    def find_created(self, request: ImageRequest, since: datetime) -> CreateLookup:
        return self._provider.find_created(request, since)

    @override
    def get(self, prediction_id: str, request: ImageRequest) -> Prediction:
        return self._provider.get(prediction_id, request)

    @override
    def cancel(self, prediction_id: str, request: ImageRequest) -> None:
        self._provider.cancel(prediction_id, request)

    @override
    def fetch(self, prediction: Prediction, request: ImageRequest) -> bytes:
        return self._provider.fetch(prediction, request)

    def _note(self, reason: str) -> None:
        if self._monotonic() < self._next_note:
            return
        self._next_note = self._monotonic() + MIN_SECONDS_BETWEEN_NOTES
        with suppress(Exception):
            self._log.note(self._name, Refusal(reason, self._clock.now()))

    def _clear(self) -> None:
        """Also at most once a minute; reads first, because there is rarely anything to clear."""
        if self._monotonic() < self._next_clear:
            return
        self._next_clear = self._monotonic() + MIN_SECONDS_BETWEEN_NOTES
        with suppress(Exception):
            if self._log.last(self._name) is not None:
                self._log.clear(self._name)
