"""A request as handlers see it."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from imagebatch.api.caller import OFF, groups_of, owner_of
from imagebatch.api.event import GatewayEvent
from imagebatch.structs import Struct
from imagebatch.usecases.idempotency import check_key

if TYPE_CHECKING:
    from imagebatch.api.services import CommonServices, Services


OPERATORS = "operators"


class Request[S: "CommonServices" = "Services"](Struct, frozen=True):
    event: GatewayEvent
    services: S
    seconds_left: Callable[[], float]
    """Until the function is stopped."""

    @property
    def owner(self) -> str:
        """The caller; UnauthenticatedError if there is none."""
        return owner_of(self.event, self.services.settings.auth_mode)

    @property
    def is_operator(self) -> bool:
        mode = self.services.settings.auth_mode
        return mode == OFF or OPERATORS in groups_of(self.event, mode)

    @property
    def idempotency_key(self) -> str | None:
        key = self.header("idempotency-key")
        if key is not None:
            check_key(key)
        return key

    @property
    def query(self) -> Mapping[str, str]:
        return self.event.query

    @property
    def callback_origin(self) -> str:
        """A development webhook receiver; empty in production."""
        return self.services.settings.dev_callback_origin

    def header(self, name: str) -> str | None:
        return self.event.headers.get(name.lower())

    def sign(self, key: str, seconds: int, filename: str | None) -> str:
        return self.services.sign(key, seconds, filename)

    def absolute(self, path: str) -> str:
        return self.services.settings.public_url.rstrip("/") + path
