"""The token of each request, renewed automatically."""

import time
from collections.abc import Generator

import httpx

from imagebatch_cli.auth import oidc
from imagebatch_cli.auth.store import CredentialStore, SignIn
from imagebatch_cli.errors import SignInExpiredError

RENEW_BEFORE_SECONDS = 60.0


class FixedToken(httpx.Auth):
    """A token that was passed in and cannot be renewed."""

    def __init__(self, token: str) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        _authorize(request, self._token)
        yield request


class RenewedToken(httpx.Auth):
    """The token of a sign-in, renewed shortly before it expires and when the service rejects it."""

    requires_request_body = True  # a rejected request is sent again

    def __init__(self, url: str, sign_in: SignIn, store: CredentialStore) -> None:
        self._url = url
        self._sign_in = sign_in
        self._store = store

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        if not _is_fresh(self._sign_in):
            self._renew()
        _authorize(request, self._sign_in.access_token)
        response = yield request
        if response.status_code == httpx.codes.UNAUTHORIZED and self._sign_in.refresh_token:
            self._renew()
            _authorize(request, self._sign_in.access_token)
            yield request

    def _renew(self) -> None:
        with self._store.locked():
            kept = self._store.load(self._url)
            if kept is None:  # the user has signed out meanwhile
                raise SignInExpiredError
            if kept.access_token != self._sign_in.access_token and _is_fresh(kept):
                self._sign_in = kept  # another command has renewed it
                return
            self._sign_in = oidc.renew(kept)
            self._store.save(self._url, self._sign_in)


def _is_fresh(sign_in: SignIn) -> bool:
    return sign_in.expires_at - time.time() > RENEW_BEFORE_SECONDS


def _authorize(request: httpx.Request, token: str) -> None:
    request.headers["Authorization"] = f"Bearer {token}"
