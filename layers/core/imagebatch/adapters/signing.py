"""HMAC with keys derived from the stack's signing secret."""

import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable
from typing import override

from imagebatch.domain.errors import ProviderError, UnavailableError
from imagebatch.ports.signing import Signer


class StackSigner(Signer):
    def __init__(self, secret: Callable[[], str]) -> None:
        self._secret = secret

    @override
    def sign(self, purpose: str, *parts: str) -> str:
        message = json.dumps(parts).encode()  # no two lists of parts give the same text
        digest = hmac.digest(self._key(purpose), message, hashlib.sha256)
        return urlsafe_b64encode(digest).rstrip(b"=").decode()

    @override
    def is_signed(self, token: str, purpose: str, *parts: str) -> bool:
        return hmac.compare_digest(token.encode(), self.sign(purpose, *parts).encode())

    def _key(self, purpose: str) -> bytes:
        try:
            secret = self._secret()
        except ProviderError as error:
            raise UnavailableError("the signing secret cannot be read") from error
        return hmac.digest(secret.encode(), f"imagebatch {purpose}".encode(), hashlib.sha256)
