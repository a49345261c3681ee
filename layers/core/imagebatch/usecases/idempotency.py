"""Idempotency keys: the same key and content returns the first result, whatever crashed in
between.
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from imagebatch.domain.errors import (
    GoneError,
    InvalidRequestError,
    RequestError,
    StateConflictError,
    UnprocessableError,
)
from imagebatch.ports.clock import Clock
from imagebatch.ports.idempotency import IdempotencyState, IdempotencyStore
from imagebatch.ports.randomness import Randomness
from imagebatch.structs import Struct

RECORD_TTL = timedelta(hours=24)
IN_PROGRESS_TTL = timedelta(seconds=35)
"""Longer than any request may run: a key still in progress after that belongs to a request that
died.
"""
MAX_KEY_LENGTH = 255
DELETED = "deleted"

type Result = Mapping[str, Any]


def fingerprint(*parts: bytes | str) -> str:
    """Return the request's content, independent of its transport encoding."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8) + raw)
    return digest.hexdigest()


def check_key(key: str) -> None:
    """InvalidRequestError for an invalid key."""
    if not key.strip() or len(key) > MAX_KEY_LENGTH:
        raise InvalidRequestError(
            "invalid-idempotency-key",
            "Invalid Idempotency-Key",
            detail=f"An Idempotency-Key has 1 to {MAX_KEY_LENGTH} characters.",
        )


class IdempotentExecutor(Struct, frozen=True):
    keys: IdempotencyStore
    clock: Clock
    random: Randomness

    def __call__(
        self, owner: str, key: str | None, content: str, create: Callable[[str], Result]
    ) -> Result:
        """Call `create` with the ID to create, or return the response of the first request.

        An interrupted request continues with the ID it started with. UnprocessableError for
        different content, StateConflictError while the first request is in flight, and GoneError
        if the resource it created was deleted.
        """
        if key is None:
            return create(self.random.new_id())
        check_key(key)
        now = self.clock.now()
        claimed = self.keys.claim(
            owner, key, content, self.random.new_id(), now, now + IN_PROGRESS_TTL
        )
        match claimed.state:
            case IdempotencyState.DONE if claimed.result is not None:
                return claimed.result
            case IdempotencyState.OTHER_CONTENT:
                raise UnprocessableError(
                    "idempotency-key-reused",
                    "Idempotency-Key was used for another request",
                    detail="This Idempotency-Key was used with different content within 24 hours.",
                )
            case IdempotencyState.DELETED:
                raise GoneError(
                    DELETED,
                    "The resource created with this Idempotency-Key was deleted",
                    detail="Send the request with another Idempotency-Key to create it again.",
                )
            case IdempotencyState.IN_PROGRESS:
                raise StateConflictError(
                    "request-in-flight",
                    "The first request with this Idempotency-Key is still being processed",
                    retry_after=2,
                )
        return self._answer(owner, key, claimed.resource_id, create)

    def _answer(
        self, owner: str, key: str, resource_id: str, create: Callable[[str], Result]
    ) -> Result:
        try:
            result = create(resource_id)
        except RequestError:
            self.keys.release(owner, key)
            raise
        self.keys.save_result(owner, key, result, self.clock.now() + RECORD_TTL)
        return result
