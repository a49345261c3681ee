"""Who a request is from: the claims that the gateway has verified, or nobody."""

from typing import Any

import pytest

from imagebatch.settings import Settings
from tests.functions.conftest import Api

PUBLIC = ["/health", "/openapi.json", "/docs"]
SHEET = {"files": {"file": ("cars.csv", b"make,model\nVolvo,XC90\n", "text/csv")}}


def anonymous(api: Api, mode: str) -> Api:
    """Authentication is on, and the request did not come through the authorizer."""
    return Api(api.as_owner("ann", mode).services)


@pytest.mark.parametrize("mode", ["cognito", "oidc", "something new"])
@pytest.mark.parametrize(
    ("method", "path", "content"),
    [("GET", "/api/v1/batch", {}), ("POST", "/api/car-batch", SHEET), ("GET", "/api/queue", {})],
)
def test_request_without_claims_is_rejected(
    api: Api, mode: str, method: str, path: str, content: dict[str, Any]
) -> None:
    answer = anonymous(api, mode).request(method, path, **content)

    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.json()["type"].endswith("/unauthenticated")
    assert api.get("/api/v1/batch").json()["items"] == []


@pytest.mark.parametrize("subject", ["", " "])
def test_a_token_that_names_nobody_is_refused(api: Api, subject: str) -> None:
    assert api.as_owner(subject).get("/api/v1/batch").status == 401


@pytest.mark.parametrize("path", PUBLIC)
def test_what_is_public_asks_for_nobody(api: Api, path: str) -> None:
    assert anonymous(api, "cognito").get(path).status == 200


@pytest.mark.parametrize(
    "claim", [{}, {"email": "local"}, {"cognito:username": "local"}, {"username": "bob"}]
)
def test_no_other_claim_and_no_header_makes_the_owner(api: Api, claim: dict[str, str]) -> None:
    assert api.post("/api/car-batch", **SHEET).status == 202
    ann = api.as_owner("ann", **claim)

    answer = ann.get("/api/v1/batch?owner=local&sub=local", headers={"x-owner": "local"})

    assert answer.json()["items"] == []


def test_function_without_auth_mode_rejects_everybody() -> None:
    assert Settings.from_env({}).auth_mode == "cognito"


@pytest.mark.parametrize(
    ("mode", "claims", "sees"),
    [
        ("cognito", {"cognito:groups": "[operators]"}, True),
        ("cognito", {"cognito:groups": "[sales operators]"}, True),
        ("cognito", {"cognito:groups": "[operators-emea]"}, False),
        ("cognito", {"cognito:groups": "[sales,operators]"}, False),
        ("cognito", {"groups": "[operators]"}, False),
        ("cognito", {}, False),
        ("oidc", {"groups": "[operators]"}, True),
        ("oidc", {"groups": "operators"}, True),
        ("oidc", {"cognito:groups": "[operators]"}, False),
    ],
)
def test_the_queue_is_shown_to_the_group_operators_alone(
    api: Api, mode: str, claims: dict[str, str], sees: bool
) -> None:
    found = api.as_owner("ann", mode, **claims).get("/api/queue").json()

    assert ("deadLetter" in found) is sees
    assert found["activeBatches"] == 0


def test_doctor_is_for_operators_alone(api: Api) -> None:
    refused = api.as_owner("ann").get("/api/doctor")

    assert (refused.status, refused.json()["error"]) == (403, "For operators only")
    assert refused.json()["type"].endswith("/operators-only")


@pytest.mark.slow
def test_doctor_examines_what_it_can(api: Api) -> None:
    """Here without a state machine, and with an AWS that knows no quotas."""
    found = api.as_owner("otto", **{"cognito:groups": "[operators]"}).get("/api/doctor").json()

    health = {check["check"]: check["health"] for check in found["checks"]}
    assert health["provider key"] == health["queues"] == "ok"
    assert health["finalizer"] == "unknown"
    assert health["alarm address"] == "warning"
    assert found["healthy"] is True
