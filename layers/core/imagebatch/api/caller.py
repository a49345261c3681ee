"""Who is calling, by the claims API Gateway has verified and by nothing else."""

from collections.abc import Mapping

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

from imagebatch.domain.errors import UnauthenticatedError

OFF = "none"
LOCAL_OWNER = "local"
GROUPS = {"cognito": "cognito:groups", "oidc": "groups"}
"""The claim that lists a caller's groups, by the way of authentication."""


def owner_of(event: APIGatewayProxyEventV2, auth_mode: str) -> str:
    """The `sub` that the gateway's authorizer verified; `local` where authentication is off.

    UnauthenticatedError for a request that did not come through the authorizer, or whose token
    names nobody.
    """
    if auth_mode == OFF:
        return LOCAL_OWNER
    subject = _claims(event).get("sub", "")
    if not subject.strip():
        raise UnauthenticatedError("unauthenticated", "Sign in first", title="Not signed in")
    return subject


def groups_of(event: APIGatewayProxyEventV2, auth_mode: str) -> frozenset[str]:
    """The gateway writes a list as `[one two]`: a name with a space in it counts as two."""
    text = _claims(event).get(GROUPS.get(auth_mode, ""), "")
    return frozenset(text.removeprefix("[").removesuffix("]").split())


def _claims(event: APIGatewayProxyEventV2) -> Mapping[str, str]:
    authorizer = event.request_context.authorizer
    claims = (authorizer.jwt_claim if authorizer else None) or {}
    return {name: str(value) for name, value in claims.items() if value is not None}
