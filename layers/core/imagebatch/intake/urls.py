"""Validates URLs of other servers."""

import ipaddress
import re
from urllib.parse import urlsplit

MAX_URL_LENGTH = 2048
MAX_PORT = 65_535
_HTTPS = re.compile(
    r"https://(?P<authority>[^/?#\\\x00-\x20\x7f]+)(?:[/?#][^\\\x00-\x20\x7f]*)?", re.IGNORECASE
)
_ANOTHER_SCHEME = re.compile(r"(?!https:)[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_AUTHORITY = re.compile(
    r"(?P<host>[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\])(?::(?P<port>\d{1,5}))?",
    re.IGNORECASE | re.ASCII,
)
PRIVATE_SUFFIXES = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
GLOBAL_UNICAST = ipaddress.IPv6Network("2000::/3")


def url_rejection_reason(url: str) -> str | None:
    """Return why a URL is rejected, or None for an https URL of a possibly public host.

    Only URLs that every parser reads the same way are accepted: parsers differ about backslashes,
    non-ASCII dots, percent signs in a host and missing slashes. Names are not resolved here:
    whoever connects checks the actual address.
    """
    if len(url) > MAX_URL_LENGTH:
        return f"is longer than {MAX_URL_LENGTH} characters"
    found = _HTTPS.fullmatch(url)
    if found is None:
        return "must be an https URL" if _ANOTHER_SCHEME.match(url) else "is not a URL"
    return _authority_rejection_reason(found["authority"])


def _authority_rejection_reason(text: str) -> str | None:
    if "@" in text:
        return "must not contain a user name or password"
    if not text.isascii():
        return "must have an ASCII host, an international name as xn--…"
    authority = _AUTHORITY.fullmatch(text)
    if authority is None or int(authority["port"] or 0) > MAX_PORT:
        return "is not a URL"
    host = authority["host"].strip("[]").rstrip(".").lower()
    return None if _is_public(host) else "must have a public host"


def _is_public(host: str) -> bool:
    if host == "localhost" or host.endswith(PRIVATE_SUFFIXES):
        return False
    return ("." in host or ":" in host) and _public_literal(host)


def _public_literal(host: str) -> bool:
    """True for a name that is not an IP address in any spelling, and for public addresses."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        last = host.rsplit(".", 1)[-1]
        return not (last.isdigit() or last.lower().startswith("0x"))
    return is_public_address(host)


def is_public_address(text: str) -> bool:
    """Whether an IP address is a host on the public internet.

    An IPv6 address that stands for an IPv4 one (mapped, NAT64, 6to4, Teredo) is always rejected,
    because it is unknown who translates it, and to where.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return address.is_global and not address.is_multicast
    stands_for_another = address.sixtofour is not None or address.teredo is not None
    return address in GLOBAL_UNICAST and address.is_global and not stands_for_another


def why_not_callable(url: str, development_origin: str = "") -> str | None:
    """As `url_rejection_reason`, for a callback URL; the development receiver may be private."""
    return None if at_origin(url, development_origin) else url_rejection_reason(url)


def at_origin(url: str, origin: str) -> bool:
    """Whether the URL has exactly this scheme, host and port; none matches ""."""
    return bool(origin) and _origin(url) == _origin(origin)


def _origin(url: str) -> tuple[str, str | None, int | None, str | None] | str:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port, parts.username
    except ValueError:
        return url
