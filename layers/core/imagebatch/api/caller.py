"""The caller's identity, only from the claims that API Gateway has verified."""

from collections.abc import Mapping

from imagebatch.api.event import GatewayEvent
from imagebatch.domain.errors import UnauthenticatedError

OFF = "none"
LOCAL_OWNER = "local"
GROUPS = {"cognito": "cognito:groups", "oidc": "groups"}
"""The claim that lists a caller's groups, by authentication mode."""


def owner_of(event: GatewayEvent, auth_mode: str) -> str:
    """Return the `sub` that the gateway's authorizer verified; `local` if authentication is off.

    UnauthenticatedError for a request that did not come through the authorizer, or whose token has
    no subject.
    """
    if auth_mode == OFF:
        return LOCAL_OWNER
    subject = _claims(event).get("sub", "")
    if not subject.strip():
        raise UnauthenticatedError("unauthenticated", "Sign in first", title="Not signed in")
    return subject


def groups_of(event: GatewayEvent, auth_mode: str) -> frozenset[str]:
    """The gateway serializes a list as `[one two]`: a name that contains a space counts as two."""
    text = _claims(event).get(GROUPS.get(auth_mode, ""), "")
    return frozenset(text.removeprefix("[").removesuffix("]").split())


def _claims(event: GatewayEvent) -> Mapping[str, str]:
    return {name: str(value) for name, value in event.claims.items() if value is not None}
