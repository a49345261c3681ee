"""Sign in and out."""

import os
import threading
import webbrowser
from contextlib import closing
from typing import Annotated

import typer

from imagebatch_cli.api import Api
from imagebatch_cli.auth import oidc
from imagebatch_cli.auth.loopback import LoopbackServer
from imagebatch_cli.auth.session import FixedToken
from imagebatch_cli.auth.store import CredentialStore, SignIn
from imagebatch_cli.command_options import add_commands
from imagebatch_cli.connection import Globals, api_address
from imagebatch_cli.errors import (
    CliError,
    ExitStatus,
    InvalidInputError,
    ProblemError,
    SignInError,
    UnreachableError,
)
from imagebatch_cli.options import AsJson, Url
from imagebatch_cli.output import Output
from imagebatch_cli.transport import Transport

SIGN_IN_SECONDS = 300.0

NoBrowser = Annotated[
    bool, typer.Option("--no-browser", help="Print the URL instead of opening a browser.")
]


def register(app: typer.Typer) -> None:
    add_commands(app, login, logout)


def login(
    context: typer.Context,
    *,
    no_browser: NoBrowser = False,
    as_json: AsJson = False,
    url: Url = None,
) -> ExitStatus:
    """Sign in with your browser. The sign-in is stored and renewed automatically."""
    out = Output(as_json=as_json)
    address = api_address(context, url)
    given: Globals = context.obj
    client = _client_of(address, given.retry_seconds, out)
    if client is None:
        out.result(
            {"url": address, "signedIn": False},
            lambda: "This service runs without authentication: there is nothing to sign in to.",
        )
        return ExitStatus.OK
    sign_in, person = _sign_in(client, out, no_browser=no_browser)
    _check_accepted(address, sign_in, given.retry_seconds, out)
    where = CredentialStore().save(address, sign_in)
    if os.environ.get("IMAGEBATCH_TOKEN"):
        out.print_message(
            "warning: IMAGEBATCH_TOKEN is set and takes precedence over this sign-in."
        )
    out.result(
        {"url": address, "signedIn": True, "person": person, "storedIn": where},
        lambda: (
            f"Signed in to {address}{f' as {person}' if person else ''}. Tokens stored in {where}."
        ),
    )
    return ExitStatus.OK


def _open_browser(url: str) -> None:
    """In a thread: a text browser blocks until it is closed, and we have to serve the redirect."""
    threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _client_of(address: str, retry_seconds: float, out: Output) -> oidc.Client | None:
    """Return the client to sign in with; None if authentication is off."""
    with closing(
        Transport(address, None, retry_seconds=retry_seconds, notify=out.print_message)
    ) as transport:
        config = Api(transport).config()
    if config.get("auth") is None:
        return None
    found = config.get("cli")
    if not found:
        raise InvalidInputError(
            "This service has no client for the command line",
            hint="Ask its operator to set CliClientId. Until then, set IMAGEBATCH_TOKEN.",
        )
    logout = found.get("logoutUrl")
    return oidc.Client(
        issuer=found["issuer"],
        client_id=found["clientId"],
        scope=found.get("scope") or oidc.DEFAULT_SCOPE,
        audience=found.get("audience"),
        logout_url=oidc.cognito_logout_url(logout, found["clientId"], address) if logout else None,
    )


def _sign_in(client: oidc.Client, out: Output, *, no_browser: bool) -> tuple[SignIn, str]:
    endpoints, attempt = oidc.discover(client.issuer), oidc.Attempt.new()
    with LoopbackServer() as server:
        url = oidc.authorization_url(client, endpoints, attempt, server.redirect_uri)
        if no_browser:
            out.print_address("Open this URL to sign in:", url)
        else:
            out.print_address("Opening your browser. If nothing happens, open this URL:", url)
            _open_browser(url)
        answer = server.wait(SIGN_IN_SECONDS)
        redirect_uri = server.redirect_uri
    code = oidc.code_of(answer, attempt, client.issuer)
    return oidc.exchange(client, endpoints, code, attempt, redirect_uri)


def _check_accepted(address: str, sign_in: SignIn, retry_seconds: float, out: Output) -> None:
    """A sign-in that the service does not accept is not stored."""
    auth = FixedToken(sign_in.access_token)
    with closing(
        Transport(address, auth, retry_seconds=retry_seconds, notify=out.print_message)
    ) as transport:
        try:
            Api(transport).list(limit=1)
        except ProblemError as error:
            if error.exit_status != ExitStatus.UNREACHABLE:
                raise
            raise SignInError(
                f"You signed in, but the service does not accept the token ({error.message})",
                hint="Ask its operator to check OidcAudience and CliClientId.",
            ) from error


def logout(
    context: typer.Context,
    *,
    no_browser: NoBrowser = False,
    as_json: AsJson = False,
    url: Url = None,
) -> ExitStatus:
    """Sign out: delete and revoke the tokens, and end the session at the issuer."""
    out = Output(as_json=as_json)
    address = api_address(context, url)
    store = CredentialStore()
    with store.locked():
        sign_in = store.load(address)
        store.delete(address)
    if sign_in is None:
        out.result({"url": address, "signedOut": False}, lambda: f"Not signed in to {address}.")
        return ExitStatus.OK
    problem = _revoke(sign_in)
    _end_session(sign_in, out, no_browser=no_browser)
    if problem:
        raise problem
    out.result({"url": address, "signedOut": True}, lambda: f"Signed out of {address}.")
    return ExitStatus.OK


def _end_session(sign_in: SignIn, out: Output, *, no_browser: bool) -> None:
    """End the browser's session with the issuer, which only the browser can do."""
    if not sign_in.sign_out_url:
        return
    if no_browser or not webbrowser.open(sign_in.sign_out_url):
        out.print_address("Open this URL to end the session:", sign_in.sign_out_url)


def _revoke(sign_in: SignIn) -> CliError | None:
    try:
        oidc.revoke(sign_in)
    except (SignInError, UnreachableError) as error:
        return UnreachableError(
            f"You are signed out here, but the tokens could not be revoked: {error.message}",
            hint="They expire on their own. To revoke them now, contact the service's operator.",
        )
    return None
