"""Which routes are authenticated, and how."""

import re

import pytest

from functions.web import app
from imagebatch_cli.auth.loopback import PORTS, redirect_uri
from tests.template.rendering import Node, Rendered

PREFLIGHT = "OPTIONS /api/{proxy+}"
SHARED = "ANY /api/shared/{share_id}"
PUBLIC = {"ANY /health", "ANY /openapi.json", "ANY /docs", SHARED, "$default", PREFLIGHT}
OIDC = {"AuthMode": "oidc", "OidcIssuer": "https://login.example.com/", "OidcAudience": "api"}


def routes(template: Rendered) -> dict[str, Node]:
    found = template.of_type("AWS::ApiGatewayV2::Route").values()
    return {route["RouteKey"]: route for route in found}


def test_every_api_route_needs_a_token(production: Rendered) -> None:
    guarded = {key: r for key, r in routes(production).items() if key not in PUBLIC}

    assert {"ANY /api/{proxy+}", "GET /api/v1/batch/{batch_id}/progress"} <= guarded.keys()
    for key, route in guarded.items():
        assert route["AuthorizationType"] == "JWT", key
        assert route["AuthorizerId"] in {"<Authorizer>", "<EventsAuthorizer>"}


def test_share_link_route_is_rate_limited(production: Rendered) -> None:
    stage = production["HttpApiStage"]
    assert stage["RouteSettings"][SHARED]["ThrottlingRateLimit"] <= 10
    assert production.resources["HttpApiStage"]["DependsOn"] == "SharedRoute"


def test_preflight_requests_need_no_token_and_get_204(production: Rendered) -> None:
    """`ANY /api/{proxy+}` would take them, and its authorizer would refuse them."""
    target = production["PreflightRoute"]["Target"].removeprefix("integrations/").strip("<>")
    event = {"requestContext": {"http": {"method": "OPTIONS"}}, "rawPath": "/api/car-batch"}

    assert routes(production)[PREFLIGHT]["AuthorizationType"] == "NONE"
    assert production[target]["IntegrationUri"] == "<WebFunction.Arn>"
    assert app.handler(event, None)["statusCode"] == 204


@pytest.mark.parametrize("mode", ["cognito", "none"])
def test_page_and_documentation_are_public_in_every_mode(mode: str) -> None:
    found = routes(Rendered(AuthMode=mode))

    for key in PUBLIC:
        assert found[key]["AuthorizationType"] == "NONE"


def test_mode_none_has_no_authorizer_or_user_pool() -> None:
    template = Rendered(AuthMode="none")

    assert {r["AuthorizationType"] for r in routes(template).values()} == {"NONE"}
    assert not template.of_type("AWS::ApiGatewayV2::Authorizer")
    assert not [r for r in template.resources.values() if "Cognito" in r["Type"]]
    assert template.outputs["AuthMode"]["Value"] == "none"


def test_only_events_route_has_a_query_token(production: Rendered) -> None:
    header, query = production["Authorizer"], production["EventsAuthorizer"]
    events = [
        k for k, r in routes(production).items() if r.get("AuthorizerId") == "<EventsAuthorizer>"
    ]

    assert header["IdentitySource"] == ["$request.header.Authorization"]
    assert query["IdentitySource"] == ["$request.querystring.access_token"]
    assert header["JwtConfiguration"] == query["JwtConfiguration"]
    assert events == ["GET /api/v1/batch/{batch_id}/events"]


def test_by_default_the_stacks_own_user_pool_is_trusted(production: Rendered) -> None:
    assert production["Authorizer"]["JwtConfiguration"] == {
        "Issuer": "https://cognito-idp.eu-west-1.amazonaws.com/<UserPool>",
        "Audience": ["<UserPoolClient>"],
    }


def test_oidc_trusts_the_issuer_without_a_pool() -> None:
    template = Rendered(**OIDC)

    assert template["Authorizer"]["JwtConfiguration"] == {
        "Issuer": "https://login.example.com/",
        "Audience": ["api"],
    }
    assert not [r for r in template.resources.values() if "Cognito" in r["Type"]]


def test_users_are_created_by_administrators_only(
    production: Rendered,
) -> None:
    client = production["UserPoolClient"]

    assert production["UserPool"]["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    assert client["GenerateSecret"] is False
    assert client["AllowedOAuthFlows"] == ["code"]
    page, *loopback = client["CallbackURLs"]
    assert page == "https://<HttpApi>.execute-api.eu-west-1.amazonaws.com/"
    assert loopback == [redirect_uri(port) for port in PORTS]
    assert production["OperatorsGroup"]["GroupName"] == "operators"


def test_people_sign_in_and_out_at_a_custom_domain() -> None:
    custom, own = (
        "https://images.example.com/",
        "https://<HttpApi>.execute-api.eu-west-1.amazonaws.com/",
    )
    client = Rendered(PublicOrigin=custom.rstrip("/"))["UserPoolClient"]

    assert client["CallbackURLs"][:2] == client["LogoutURLs"] == [own, custom]
    assert Rendered()["UserPoolClient"]["LogoutURLs"] == [own]


def test_every_route_has_an_invocable_function(production: Rendered) -> None:
    callable_ = {
        permission["FunctionName"].strip("<>")
        for permission in production.of_type("AWS::Lambda::Permission").values()
        if permission["Principal"] == "apigateway.amazonaws.com"
        and "<HttpApi>" in permission["SourceArn"]
    }
    integrations = production.of_type("AWS::ApiGatewayV2::Integration")
    for key, route in routes(production).items():
        integration = integrations[route["Target"].removeprefix("integrations/").strip("<>")]
        assert integration["IntegrationType"] == "AWS_PROXY"
        assert integration["PayloadFormatVersion"] == "2.0"
        assert integration["IntegrationUri"].strip("<>").removesuffix(".Arn") in callable_, key
    sources = {p["SourceArn"] for p in production.of_type("AWS::Lambda::Permission").values()}
    assert {source.split("<HttpApi>")[1] for source in sources} == {"/*/*"}


def test_other_origins_are_refused_unless_they_are_named(production: Rendered) -> None:
    assert "CorsConfiguration" not in production["HttpApi"]

    cors = Rendered(AllowedOrigins="https://shop.example")["HttpApi"]["CorsConfiguration"]
    assert cors["AllowOrigins"] == ["https://shop.example"]
    own, other = "https://images.example.com", "https://a.example"
    custom = Rendered(PublicOrigin=own)["HttpApi"]["CorsConfiguration"]
    both = Rendered(PublicOrigin=own, AllowedOrigins=other)["HttpApi"]["CorsConfiguration"]
    assert custom["AllowOrigins"] == [own]
    assert both["AllowOrigins"] == [own, other]
    assert set(cors["ExposeHeaders"]) == {"location", "retry-after", "content-disposition"}
    sent = {"authorization", "idempotency-key", "last-event-id", "share-token"}
    assert sent <= set(cors["AllowHeaders"])
    assert {"traceparent", "cache-control", "x-requested-with"} <= set(cors["AllowHeaders"])
    assert {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} <= set(cors["AllowMethods"])


@pytest.mark.parametrize(
    ("origin", "taken"),
    [
        ("https://shop.example.com", True),
        ("http://127.0.0.1:5173", True),
        ("*", False),
        ("https://*", False),
        ("https://*.example.com", False),
        ("https://shop.example.com/path", False),
        ("null", False),
    ],
)
def test_an_origin_is_named_in_full(production: Rendered, origin: str, taken: bool) -> None:
    pattern = production.source["Parameters"]["AllowedOrigins"]["AllowedPattern"]

    assert bool(re.fullmatch(pattern, origin)) is taken


@pytest.mark.parametrize(
    ("issuer", "taken"),
    [
        ("https://login.example.com/tenant/v2.0", True),
        ("http://127.0.0.1:9000", True),
        ("http://login.example.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://127.0.0.1:80@example.com", False),
    ],
)
def test_issuer_requires_tls_except_on_loopback(
    production: Rendered, issuer: str, taken: bool
) -> None:
    pattern = production.source["Parameters"]["OidcIssuer"]["AllowedPattern"]

    assert bool(re.fullmatch(pattern, issuer)) is taken


def test_a_flood_of_requests_is_throttled(production: Rendered) -> None:
    settings = production["HttpApiStage"]["DefaultRouteSettings"]

    assert 0 < settings["ThrottlingRateLimit"] <= settings["ThrottlingBurstLimit"] <= 1000
