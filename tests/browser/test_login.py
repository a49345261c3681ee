"""Signing in, on a stack that asks for it."""

import json

from playwright.sync_api import Page, expect

from testing.openid_provider import AUDIENCE, CLIENT, Issuer
from tests.browser.steps import Shot, assert_sound, cars, finished, images, sign_in, submit
from tests.conftest import Stack

SET_AUTH = """(auth) => new MutationObserver((_, observer) => {
  const meta = document.querySelector('meta[name="config"]');
  if (!meta) return;
  observer.disconnect();
  meta.content = JSON.stringify({...JSON.parse(meta.content), auth});
}).observe(document, {childList: true, subtree: true})"""
"""Tells the page of another issuer than the stack does, before its script begins."""


def test_sign_in_returns_to_the_page_and_submits(
    login_page: Page, issuer: Issuer, shot: Shot
) -> None:
    page = login_page
    page.goto("/batches")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert_sound(page)
    shot(page, "login_page")
    before = issuer.grants
    with page.expect_request("**/api/v1/batch?*") as listed:
        sign_in(page)
    assert issuer.grants == before + 1
    assert page.url.endswith("/batches")
    assert listed.value.headers["authorization"].startswith("Bearer ")
    submit(page, *cars(2), name="Mine")
    finished(page)
    expect(images(page)).to_have_count(2)
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("Mine")
    assert issuer.refresh_tokens
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert not issuer.refresh_tokens
    assert issuer.signed_out[-1]["post_logout_redirect_uri"] == page.url


def test_sign_out_of_cognito_uses_its_own_address(
    login_page: Page, issuer: Issuer, closed: Stack
) -> None:
    """As a stack with a user pool tells the page."""
    told = {"issuer": issuer.url, "clientId": CLIENT, "audience": AUDIENCE, "scope": None}
    told["logoutUrl"] = f"{issuer.url}/logout"
    login_page.add_init_script(f"({SET_AUTH})({json.dumps(told)})")
    login_page.goto("/batches")
    sign_in(login_page)
    home = login_page.url.removesuffix("batches")
    login_page.get_by_role("button", name="Sign out").click()
    expect(login_page.get_by_role("button", name="Sign in")).to_be_visible()
    assert issuer.signed_out[-1] == {"client_id": CLIENT, "logout_uri": home}


def test_issuer_that_cannot_be_reached_is_said(
    login_page: Page, issuer: Issuer, expected: list[str]
) -> None:
    expected.append("net::ERR_FAILED")
    login_page.route(f"{issuer.url}/**", lambda route: route.abort())
    login_page.goto("/batches")
    login_page.get_by_role("button", name="Sign in").click()
    expect(login_page.get_by_role("alert")).to_contain_text("cannot be reached")
    expect(login_page.get_by_role("button", name="Sign in")).to_be_enabled()


def test_without_a_token_nothing_is_asked_of_the_api(login_page: Page) -> None:
    asked: list[str] = []
    login_page.on("request", lambda request: asked.append(request.url))
    login_page.goto("/batches")
    expect(login_page.get_by_role("button", name="Sign in")).to_be_visible()
    assert not [url for url in asked if "/api/" in url]


def test_rejected_token_asks_to_sign_in_again(login_page: Page, expected: list[str]) -> None:
    expected.append("status of 401")
    login_page.goto("/csv")
    sign_in(login_page)
    refusal = {"status": 401, "json": {"message": "Unauthorized"}}
    login_page.route("**/api/v1/batch?*", lambda route: route.fulfill(**refusal))
    login_page.get_by_role("link", name="Batches").click()
    expect(login_page.get_by_role("button", name="Sign in")).to_be_visible()


def test_a_login_that_went_wrong_is_said(login_page: Page) -> None:
    login_page.goto("/?error=access_denied&state=unknown")
    expect(login_page.get_by_role("alert")).to_contain_text("Sign-in failed.")
    expect(login_page.get_by_role("button", name="Sign in")).to_be_visible()
