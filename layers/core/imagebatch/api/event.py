"""API Gateway's event, payload format 2.0: the parts that the API uses."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any


class GatewayEvent:
    """Powertools has a class for it, but importing it imports those of all other services."""

    def __init__(self, event: Mapping[str, Any]) -> None:
        self._event = event
        self._context: Mapping[str, Any] = event["requestContext"]

    @property
    def method(self) -> str:
        return str(self._context["http"]["method"])

    @property
    def path(self) -> str:
        """The path below the stage."""
        stage, path = self._context["stage"], str(self._event["rawPath"])
        return path if stage == "$default" else path.removeprefix(f"/{stage}")

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """By name in lower case."""
        return {name.lower(): value for name, value in (self._event.get("headers") or {}).items()}

    @property
    def query(self) -> Mapping[str, str]:
        """The values of a repeated parameter are joined by commas."""
        return self._event.get("queryStringParameters") or {}

    @property
    def body(self) -> str:
        return self._event.get("body") or ""

    @property
    def is_base64_encoded(self) -> bool:
        return bool(self._event.get("isBase64Encoded"))

    @property
    def claims(self) -> Mapping[str, Any]:
        """Those of the token that the gateway's authorizer verified; empty without one."""
        authorizer = self._context.get("authorizer") or {}
        return (authorizer.get("jwt") or {}).get("claims") or {}
