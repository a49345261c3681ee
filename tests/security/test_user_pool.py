"""The user pool that comes with the stack: who is in it, and what their tokens are good for."""

import pytest

from testing.auth_backends import CognitoPool, email
from testing.batches import finished
from testing.scenario import ask, cars

WHOLE_QUEUE = {"visible", "inFlight", "delayed", "deadLetter"}


def test_administrator_created_user_signs_in_and_submits(pool: CognitoPool) -> None:
    api = pool.as_("mia")

    assert finished(api, cars(api, "Mine"))["outcome"] == "all_succeeded"


def test_id_and_access_tokens_have_the_same_owner(pool: CognitoPool) -> None:
    """They come from one sign-in of one client; the gateway looks at aud or client_id alone."""
    made = cars(pool.as_("ida", use="id"), "By the ID token")

    seen = ask(pool.as_("ida", use="access"), "GET", "/api/v1/batch", 200)["items"]
    assert [batch["batch_id"] for batch in seen] == [made]
    with pool.with_token(None) as nobody:
        for use in ("id", "access"):
            token = {"access_token": pool.token("ida", use=use)}
            assert nobody.get(f"/api/v1/batch/{made}/events", params=token).status_code == 200


@pytest.mark.parametrize("use", ["access", "id"])
def test_operators_alone_see_the_whole_queue(pool: CognitoPool, use: str) -> None:
    user_pool, _ = pool.home
    pool.token("otto")
    pool.people.admin_add_user_to_group(
        UserPoolId=user_pool, Username=email("otto"), GroupName="operators"
    )

    with pool.with_token(pool.token("otto", use=use)) as api:
        assert ask(api, "GET", "/api/queue", 200).keys() >= WHOLE_QUEUE
    other = ask(pool.as_("mia", use=use), "GET", "/api/queue", 200)
    assert not other.keys() & WHOLE_QUEUE


def test_the_page_is_told_the_pool_and_its_client(pool: CognitoPool) -> None:
    user_pool, app = pool.home
    with pool.with_token(None) as nobody:
        auth = nobody.get("/config.json").json()["auth"]

    assert auth["issuer"].endswith(f"amazonaws.com/{user_pool}")
    assert auth["clientId"] == app
