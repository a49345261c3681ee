"""Forged tokens, derived from a valid one."""

import base64
import hmac
import json
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

NOBODYS = "00000000-0000-4000-8000-000000000000"


def part(of: bytes | dict[str, Any]) -> str:
    raw = of if isinstance(of, bytes) else json.dumps(of).encode()
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return its header and claims."""
    return jwt.get_unverified_header(token), jwt.decode(token, options={"verify_signature": False})


def forgeries(token: str, public: rsa.RSAPublicKey) -> dict[str, str | None]:
    """By what is wrong with them; `public` is the key that validates the token."""
    return {
        "none at all": None,
        "one that another key signed": _by_a_stranger(token),
        "one that is not signed": _unsigned(token),
        "one signed with the public key": _signed_with(public, token),
        "one whose claims were rewritten": _rewritten(token),
        "nonsense": "a.b.c",
    }


def _by_a_stranger(token: str) -> str:
    head, claims = read(token)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return jwt.encode(claims, key, "RS256", headers={"kid": head["kid"]})


def _unsigned(token: str) -> str:
    head, claims = read(token)
    return f"{part({**head, 'alg': 'none'})}.{part(claims)}."


def _signed_with(public: rsa.RSAPublicKey, token: str) -> str:
    """Signed as if the public key were an HMAC secret."""
    head, claims = read(token)
    pem = public.public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = f"{part({**head, 'alg': 'HS256'})}.{part(claims)}"
    return f"{text}.{part(hmac.digest(pem, text.encode(), 'sha256'))}"


def _rewritten(token: str) -> str:
    """Signed for its owner, then rewritten for another."""
    head, _, signature = token.split(".")
    _, claims = read(token)
    return f"{head}.{part({**claims, 'sub': NOBODYS})}.{signature}"
