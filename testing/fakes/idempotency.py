from collections.abc import Mapping
from copy import deepcopy, replace
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from imagebatch.ports.idempotency import IdempotencyRecord, IdempotencyState, IdempotencyStore
from testing.fakes.faults import Faults, faulty


@dataclass(frozen=True)
class _Key:
    content: str
    resource_id: str
    busy_until: datetime
    expires_at: datetime
    result: Mapping[str, Any] | None = None


class InMemoryIdempotencyStore(Faults, IdempotencyStore):
    def __init__(self) -> None:
        super().__init__()
        self._lock = Lock()
        self._keys: dict[tuple[str, str], _Key] = {}

    @faulty
    def claim(
        self,
        owner: str,
        key: str,
        content: str,
        resource_id: str,
        now: datetime,
        busy_until: datetime,
    ) -> IdempotencyRecord:
        with self._lock:
            found = self._keys.get((owner, key))
            if found is not None and found.expires_at > now:
                if found.content != content:
                    return IdempotencyRecord(IdempotencyState.OTHER_CONTENT, found.resource_id)
                if found.result is not None:
                    return IdempotencyRecord(
                        IdempotencyState.DONE, found.resource_id, deepcopy(found.result)
                    )
                if found.busy_until > now:
                    return IdempotencyRecord(IdempotencyState.IN_PROGRESS, found.resource_id)
                resource_id = found.resource_id
            expires_at = busy_until + timedelta(days=1)
            self._keys[owner, key] = _Key(content, resource_id, busy_until, expires_at)
            return IdempotencyRecord(IdempotencyState.NEW, resource_id)

    @faulty
    def save_result(self, owner: str, key: str, result: Mapping[str, Any], until: datetime) -> None:
        with self._lock:
            if found := self._keys.get((owner, key)):
                kept = replace(found, result=deepcopy(dict(result)), expires_at=until)
                self._keys[owner, key] = kept

    @faulty
    def release(self, owner: str, key: str) -> None:
        with self._lock:
            if (found := self._keys.get((owner, key))) and found.result is None:
                del self._keys[owner, key]
