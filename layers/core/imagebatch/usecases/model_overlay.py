"""The registry with a stack's own corrections: `config/models.toml` in its bucket."""

from datetime import datetime, timedelta

from imagebatch.domain.errors import UnavailableError
from imagebatch.domain.model_entries import MAX_OVERLAY_BYTES, EntryError, apply_overlay
from imagebatch.domain.model_registry import ModelRegistry
from imagebatch.ports.clock import Clock
from imagebatch.ports.objects import ObjectStore
from imagebatch.ports.telemetry import Telemetry

KEY = "config/models.toml"
REREAD_AFTER = timedelta(minutes=5)


class OverlaidRegistry:
    """Reads the overlay at most every five minutes. `default` may be an entry of the overlay only.

    An invalid overlay is ignored as a whole and reported. While the bucket is unavailable, the last
    registry read applies; UnavailableError without one, because the overlay may correct prices.
    """

    def __init__(
        self,
        built_in: ModelRegistry,
        default: str,
        store: ObjectStore,
        clock: Clock,
        telemetry: Telemetry,
    ) -> None:
        self._built_in = built_in
        self._default = default
        self._store = store
        self._clock = clock
        self._telemetry = telemetry
        self._latest: ModelRegistry | None = None
        self._read_at: datetime | None = None

    def __call__(self) -> ModelRegistry:
        now = self._clock.now()
        fresh = self._read_at is not None and now - self._read_at < REREAD_AFTER
        if self._latest is None or not fresh:
            self._latest = self._read(self._latest)
            self._read_at = now
        return self._latest

    def _read(self, latest: ModelRegistry | None) -> ModelRegistry:
        try:
            body = self._body()
            overlaid = apply_overlay(self._built_in, body) if body else self._built_in
            return overlaid.preferring(self._default)
        except UnavailableError:
            if latest is None:
                raise
            return latest
        except EntryError as error:
            self._telemetry.overlay_ignored(KEY, str(error))
            return self._built_in.preferring(self._default)

    def _body(self) -> bytes | None:
        found = self._store.head(KEY)
        if found is not None and found.size > MAX_OVERLAY_BYTES:
            raise EntryError(f"the overlay is larger than {MAX_OVERLAY_BYTES} bytes")
        return self._store.get(KEY) if found else None
