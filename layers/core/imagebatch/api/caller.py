"""Who is calling, by the claims API Gateway has verified and by nothing else."""

from aws_lambda_powertools.utilities.data_classes import APIGatewayProxyEventV2

LOCAL_OWNER = "local"


def owner_of(event: APIGatewayProxyEventV2) -> str:
    """The `sub` that API Gateway's authorizer verified; `local` where authentication is off."""
    authorizer = event.request_context.authorizer
    claims = authorizer.jwt_claim if authorizer else None
    return str(claims["sub"]) if claims else LOCAL_OWNER


def groups_of(event: APIGatewayProxyEventV2) -> frozenset[str]:
    authorizer = event.request_context.authorizer
    claims = (authorizer.jwt_claim if authorizer else None) or {}
    return frozenset(str(claims.get("cognito:groups", "")).strip("[]").replace(",", " ").split())
