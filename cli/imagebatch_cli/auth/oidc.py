"""The OpenID Connect requests of the command line."""

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from imagebatch_cli.auth.store import SignIn
from imagebatch_cli.errors import SignInError, SignInExpiredError, UnreachableError

TIMEOUT = httpx.Timeout(20, connect=10)
DEFAULT_SCOPE = "openid email profile"
DEFAULT_LIFETIME_SECONDS = 300.0
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


@dataclass(frozen=True)
class Client:
    """The command line's settings in the service's /config.json."""

    issuer: str
    client_id: str
    scope: str
    audience: str | None
    logout_url: str | None
    """Cognito's own logout endpoint, which differs from OpenID Connect's."""


@dataclass(frozen=True)
class Endpoints:
    issuer: str
    authorization: str
    token: str
    revocation: str | None
    end_session: str | None
    offers_offline_access: bool


@dataclass(frozen=True)
class Attempt:
    """The secrets of one sign-in."""

    state: str
    verifier: str

    @classmethod
    def new(cls) -> "Attempt":
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(64))

    @property
    def challenge(self) -> str:
        digest = hashlib.sha256(self.verifier.encode()).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def discover(issuer: str) -> Endpoints:
    url = f"{_secure(issuer).rstrip('/')}/.well-known/openid-configuration"
    found = _json(_request("GET", url))
    if found.get("issuer") != issuer:
        raise SignInError(
            f"{url} describes another issuer", hint="Contact the operator of the service."
        )
    try:
        return Endpoints(
            issuer=issuer,
            authorization=_secure(found["authorization_endpoint"]),
            token=_secure(found["token_endpoint"]),
            revocation=_optional(found.get("revocation_endpoint")),
            end_session=_optional(found.get("end_session_endpoint")),
            offers_offline_access="offline_access" in found.get("scopes_supported", []),
        )
    except KeyError as error:
        raise SignInError(f"{url} names no {error.args[0]}") from error


def authorization_url(
    client: Client, endpoints: Endpoints, attempt: Attempt, redirect_uri: str
) -> str:
    scope = client.scope
    if endpoints.offers_offline_access and "offline_access" not in scope.split():
        scope += " offline_access"
    query = {
        "response_type": "code",
        "client_id": client.client_id,
        "redirect_uri": redirect_uri,
        "scope": scope,
        "state": attempt.state,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
    }
    if client.audience:
        query["audience"] = client.audience
    return _with_query(endpoints.authorization, query)


def code_of(answer: dict[str, str], attempt: Attempt, issuer: str) -> str:
    """Return the redirect's code, after checking that the redirect belongs to this attempt."""
    if not secrets.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
        raise SignInError(
            "The response belongs to another sign-in", hint="Run imagebatch login again."
        )
    if answer.get("iss", issuer) != issuer:  # RFC 9207
        raise SignInError("The response came from another issuer")
    if "code" not in answer:
        reason = answer.get("error_description") or answer.get("error") or "no reason was given"
        raise SignInError(f"The sign-in was rejected: {reason}")
    return answer["code"]


def exchange(
    client: Client, endpoints: Endpoints, code: str, attempt: Attempt, redirect_uri: str
) -> tuple[SignIn, str]:
    """Exchange a code for tokens and the user they belong to."""
    form = {
        "grant_type": "authorization_code",
        "client_id": client.client_id,
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": attempt.verifier,
    }
    answer = _json(_request("POST", endpoints.token, form))
    base = SignIn(
        issuer=client.issuer,
        client_id=client.client_id,
        access_token="",
        expires_at=0,
        token_endpoint=endpoints.token,
        revocation_endpoint=endpoints.revocation,
        sign_out_url=_sign_out_url(client, endpoints),
    )
    return _with_tokens(base, answer), _person(answer.get("id_token"))


def renew(sign_in: SignIn) -> SignIn:
    """SignInExpiredError if the refresh token is no longer valid, UnreachableError without
    response.
    """
    if not sign_in.refresh_token:
        raise SignInExpiredError
    form = {
        "grant_type": "refresh_token",
        "client_id": sign_in.client_id,
        "refresh_token": sign_in.refresh_token,
    }
    try:
        answer = _json(_request("POST", sign_in.token_endpoint, form))
    except SignInError as error:
        raise SignInExpiredError from error
    return _with_tokens(sign_in, answer)


def revoke(sign_in: SignIn) -> None:
    """Revoke the refresh token and the tokens derived from it. Not every issuer supports this."""
    if sign_in.revocation_endpoint and sign_in.refresh_token:
        form = {"token": sign_in.refresh_token, "client_id": sign_in.client_id}
        _request("POST", sign_in.revocation_endpoint, form)


def _with_tokens(sign_in: SignIn, answer: dict[str, Any]) -> SignIn:
    token = answer.get("access_token")
    if not isinstance(token, str) or not token:
        raise SignInError("The issuer returned no access token")
    seconds = answer.get("expires_in")
    lifetime = float(seconds) if isinstance(seconds, int | float) else DEFAULT_LIFETIME_SECONDS
    return replace(
        sign_in,
        access_token=token,
        expires_at=time.time() + lifetime,
        refresh_token=answer.get("refresh_token") or sign_in.refresh_token,
    )


def _sign_out_url(client: Client, endpoints: Endpoints) -> str | None:
    """Contains no token: every user of the computer can read a browser's command line."""
    if client.logout_url:
        return client.logout_url
    if endpoints.end_session:
        return _with_query(endpoints.end_session, {"client_id": client.client_id})
    return None


def cognito_logout_url(endpoint: str, client_id: str, api_url: str) -> str:
    """Cognito accepts only registered URLs: the page's, which is also the API's."""
    return _with_query(_secure(endpoint), {"client_id": client_id, "logout_uri": f"{api_url}/"})


def _person(id_token: object) -> str:
    """For display only. It came directly from the issuer over TLS."""
    try:
        body = str(id_token).split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return ""
    return str(claims.get("email") or claims.get("name") or "") if isinstance(claims, dict) else ""


def _with_query(url: str, query: dict[str, str]) -> str:
    return f"{url}{'&' if urlsplit(url).query else '?'}{urlencode(query)}"


def _secure(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return url
    raise SignInError(f"{url} is not an https URL", hint="Contact the operator of the service.")


def _optional(url: object) -> str | None:
    return _secure(url) if isinstance(url, str) and url else None


def _request(method: str, url: str, form: dict[str, str] | None = None) -> httpx.Response:
    """Follow no redirect: it could send the form's secrets to another host."""
    try:
        response = httpx.request(method, url, data=form, timeout=TIMEOUT, follow_redirects=False)
    except httpx.TransportError as error:
        raise UnreachableError(
            f"The sign-in service {urlsplit(url).netloc} cannot be reached",
            hint="Check the network, and try again later.",
        ) from error
    if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
        raise UnreachableError(
            f"The sign-in service returned {response.status_code}", hint="Try again later."
        )
    if response.status_code != httpx.codes.OK:
        raise SignInError(f"The sign-in service rejected the request: {_reason(response)}")
    return response


def _reason(response: httpx.Response) -> str:
    try:
        body = response.json()
    except ValueError:
        body = {}
    fields = body if isinstance(body, dict) else {}
    return str(fields.get("error_description") or fields.get("error") or response.status_code)


def _json(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise SignInError(f"{response.url.copy_with(query=None)} is not an OpenID Connect issuer")
    return body
