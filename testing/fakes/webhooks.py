"""Webhooks that are only recorded."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from imagebatch.ports.webhooks import Receipt, Webhooks


@dataclass(frozen=True, slots=True)
class Posted:
    url: str
    message_id: str
    body: Mapping[str, Any]


class InMemoryWebhooks(Webhooks):
    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.answers: list[Receipt | Exception] = []
        """The results of the next attempts; delivered if none is left."""

    def post(self, url: str, message_id: str, body: Mapping[str, Any]) -> Receipt:
        self.posted.append(Posted(url, message_id, body))
        answer = self.answers.pop(0) if self.answers else Receipt.DELIVERED
        if isinstance(answer, Exception):
            raise answer
        return answer
