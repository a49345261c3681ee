"""Sends events to Amazon EventBridge."""

import json
import time
from collections.abc import Callable, Sequence
from itertools import batched
from typing import Any

from imagebatch.adapters.aws import attempts, translate_errors
from imagebatch.domain.errors import UnavailableError
from imagebatch.ports.event_bus import BusEvent, EventBus

SOURCE = "imagebatch"
EVENTS_A_CALL = 10
TRIES = 5


class EventBridgeBus(EventBus):
    """`ports.event_bus.EventBus`. Only the events that EventBridge rejected are sent again."""

    def __init__(
        self,
        client: Any,
        bus: str,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = client
        self._bus = bus
        self._sleep = sleep

    def put(self, events: Sequence[BusEvent]) -> None:
        for group in batched(events, EVENTS_A_CALL, strict=False):
            self._put([self._entry(event) for event in group])

    def _entry(self, event: BusEvent) -> dict[str, Any]:
        return {
            "Source": SOURCE,
            "DetailType": event.kind,
            "Detail": json.dumps(dict(event.detail), ensure_ascii=False),
            "EventBusName": self._bus,
        }

    def _put(self, entries: Any) -> None:
        for _ in attempts(TRIES, first=0.1, sleep=self._sleep):
            with translate_errors("event bus"):
                answers = self._client.put_events(Entries=entries)["Entries"]
            pairs = zip(entries, answers, strict=True)
            entries = [entry for entry, answer in pairs if answer.get("ErrorCode")]
            if not entries:
                return
        raise UnavailableError("the event bus did not take all events")
