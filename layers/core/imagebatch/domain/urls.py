"""Which addresses of other people's servers are taken."""

import ipaddress
from urllib.parse import urlsplit

LONGEST_URL = 2048
PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")


def why_not_public(url: str) -> str | None:
    """Why an address is refused, or None for an https URL of a host that may be public.

    A name is not looked up here: whoever connects checks the address it really gets.
    """
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".")
        _ = parts.port
    except ValueError:
        return "is not a URL"
    if len(url) > LONGEST_URL:
        return f"is longer than {LONGEST_URL} characters"
    if parts.scheme != "https":
        return "must be an https URL"
    if parts.username is not None or parts.password is not None:
        return "must not carry a user name or password"
    if not host or any(ord(c) <= 32 for c in url):
        return "is not a URL"
    if (
        host == "localhost"
        or host.endswith(PRIVATE_SUFFIXES)
        or ("." not in host and ":" not in host)
    ):
        return "must name a public host"
    return None if _public_literal(host) else "must name a public host"


def _public_literal(host: str) -> bool:
    """True for a name that is no IP address in any spelling, and for public addresses."""
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        last = host.rsplit(".", 1)[-1]
        return not (last.isdigit() or last.lower().startswith("0x"))
