"""Idempotency keys: the same key and content gives the first answer, whatever died in between."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from imagebatch.domain.errors import InvalidRequestError, RequestError, StateConflictError
from imagebatch.ports import Clock, IdempotencyState, IdempotencyStore, Ids

KEPT = timedelta(hours=24)
BUSY = timedelta(seconds=35)
"""Longer than any request may run: a key still busy after that belongs to a request that died."""
LONGEST_KEY = 255

type Answer = Mapping[str, Any]


def fingerprint(*parts: bytes | str) -> str:
    """The content of a request, whatever way it was wrapped for transport."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8) + raw)
    return digest.hexdigest()


def check_key(key: str) -> None:
    """InvalidRequestError for a text that is no key."""
    if not key.strip() or len(key) > LONGEST_KEY:
        raise InvalidRequestError(
            "invalid-idempotency-key",
            "Invalid Idempotency-Key",
            detail=f"An Idempotency-Key has 1 to {LONGEST_KEY} characters.",
        )


@dataclass(frozen=True, slots=True)
class IdempotentExecutor:
    keys: IdempotencyStore
    clock: Clock
    ids: Ids

    def __call__(
        self, owner: str, key: str | None, content: str, create: Callable[[str], Answer]
    ) -> Answer:
        """The answer of `create`, called with the id to create under, or the first answer again.

        A request that died half way is carried on under the very id it had begun with. Refused:
        InvalidRequestError 422 for other content, StateConflictError 409 while the first is in
        flight.
        """
        if key is None:
            return create(self.ids.new())
        check_key(key)
        now = self.clock.now()
        claimed = self.keys.claim(owner, key, content, self.ids.new(), now, now + BUSY)
        match claimed.state:
            case IdempotencyState.DONE if claimed.answer is not None:
                return claimed.answer
            case IdempotencyState.OTHER_CONTENT:
                raise InvalidRequestError(
                    "idempotency-key-reused",
                    "Idempotency-Key was used for another request",
                    detail="The same Idempotency-Key came with other content within 24 hours.",
                    status=422,
                )
            case IdempotencyState.BUSY:
                raise StateConflictError(
                    "request-in-flight",
                    "The first request with this Idempotency-Key is still in flight",
                    retry_after=2,
                )
        return self._answer(owner, key, claimed.subject, create)

    def _answer(
        self, owner: str, key: str, subject: str, create: Callable[[str], Answer]
    ) -> Answer:
        try:
            answer = create(subject)
        except RequestError:
            self.keys.release(owner, key)
            raise
        self.keys.answer(owner, key, answer, self.clock.now() + KEPT)
        return answer
