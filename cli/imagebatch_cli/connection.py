"""The connection to the service that the options of a command describe."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import typer

from imagebatch_cli.api import Api
from imagebatch_cli.auth.session import FixedToken, RenewedToken
from imagebatch_cli.auth.store import CredentialStore
from imagebatch_cli.errors import InvalidInputError
from imagebatch_cli.options import ServiceOptions
from imagebatch_cli.output import Output
from imagebatch_cli.transport import Transport


@dataclass
class Globals:
    url: str | None
    token: str | None
    retry_seconds: float


def api_address(context: typer.Context, url: str | None) -> str:
    """The URL of the command, the program, the environment, or the last sign-in, in this order."""
    given: Globals = context.obj
    address = url or given.url or os.environ.get("IMAGEBATCH_URL") or CredentialStore().last_url
    if not address:
        raise InvalidInputError(
            "The API's URL is not set", hint="Set IMAGEBATCH_URL or pass --url."
        )
    return address.rstrip("/")


@contextmanager
def connect(context: typer.Context, service: ServiceOptions, output: Output) -> Iterator[Api]:
    given: Globals = context.obj
    address = api_address(context, service.url)
    auth = _auth(address, service.token or given.token)
    transport = Transport(
        address, auth, retry_seconds=given.retry_seconds, notify=output.print_message
    )
    try:
        yield Api(transport)
    finally:
        transport.close()


def _auth(address: str, token: str | None) -> httpx.Auth | None:
    """A token that was passed in takes precedence over a sign-in."""
    if given := token or os.environ.get("IMAGEBATCH_TOKEN"):
        return FixedToken(given)
    store = CredentialStore()
    sign_in = store.load(address)
    return RenewedToken(address, sign_in, store) if sign_in else None


def is_signed_in(context: typer.Context, service: ServiceOptions) -> bool:
    """Whether a service is configured, with a token or a sign-in for it."""
    given: Globals = context.obj
    try:
        address = api_address(context, service.url)
    except InvalidInputError:
        return False
    return _auth(address, service.token or given.token) is not None
