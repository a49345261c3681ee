"""An OpenID provider on loopback: one user, authorization code with PKCE, rotating refresh tokens,
RS256.
"""

import base64
import hashlib
import json
import secrets
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, AUDIENCE = "page", "imagebatch-api"
PERSON = {"sub": "person-1", "email": "ada@example.com"}


class Issuer:
    """`grants` counts the codes that were exchanged; `valid_for` is in seconds.

    `refresh_tokens` are the valid ones, each good for one renewal; `refused` is an error that the
    next sign-in ends with; `signed_out` are the queries of ended sessions.
    """

    def __init__(self) -> None:
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.waiting: dict[str, dict[str, str]] = {}
        self.grants = 0
        self.refused = ""
        self.refresh_tokens: set[str] = set()
        self.signed_out: list[dict[str, str]] = []
        self.forms: list[dict[str, str]] = []
        self.valid_for = 3600
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), handler_of(self))
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def discovery(self) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "revocation_endpoint": f"{self.url}/revoke",
            "end_session_endpoint": f"{self.url}/logout",
            "jwks_uri": f"{self.url}/jwks",
            "scopes_supported": ["openid", "email", "offline_access"],
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }

    def jwks(self) -> dict[str, Any]:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]}

    def authorize(self, query: dict[str, str]) -> str:
        """Redirect the browser: no password is required here."""
        if self.refused:
            told = {"error": self.refused, "state": query["state"]}
            return f"{query['redirect_uri']}?{urlencode(told)}"
        code = secrets.token_urlsafe()
        self.waiting[code] = query
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': query['state']})}"

    def exchange(self, form: dict[str, str]) -> dict[str, Any] | None:
        self.forms.append(form)
        if form["grant_type"] == "refresh_token":
            return self._renew(form)
        asked = self.waiting.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if asked is None or asked["code_challenge_method"] != "S256":
            return None
        if asked["code_challenge"] != proof or asked["redirect_uri"] != form.get("redirect_uri"):
            return None
        self.grants += 1
        nonce = {"nonce": asked["nonce"]} if "nonce" in asked else {}
        return {
            "access_token": self.token(aud=asked.get("audience", CLIENT)),
            "id_token": self.token(aud=CLIENT, **nonce),
            "token_type": "Bearer",
            "expires_in": self.valid_for,
            "refresh_token": self._refresh_token(),
        }

    def _renew(self, form: dict[str, str]) -> dict[str, Any] | None:
        if form["refresh_token"] not in self.refresh_tokens:
            return None
        self.refresh_tokens.remove(form["refresh_token"])
        token = self.token(aud=AUDIENCE)
        renewed = {"access_token": token, "refresh_token": self._refresh_token()}
        return {**renewed, "token_type": "Bearer", "expires_in": self.valid_for}

    def _refresh_token(self) -> str:
        made = secrets.token_urlsafe()
        self.refresh_tokens.add(made)
        return made

    def token(self, **claims: str) -> str:
        now = int(time.time())
        body = {
            **PERSON,
            "jti": secrets.token_hex(4),
            "iss": self.url,
            "iat": now,
            "exp": now + self.valid_for,
            **claims,
        }
        return jwt.encode(body, self.key, "RS256", {"kid": "one"})


def handler_of(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            match parts.path:
                case "/authorize":
                    self.redirect(issuer.authorize(query))
                case "/logout":
                    issuer.signed_out.append(query)
                    back = query.get("post_logout_redirect_uri") or query.get("logout_uri", "/")
                    self.redirect(back)
                case "/jwks":
                    self.answer(200, issuer.jwks())
                case _:
                    self.answer(200, issuer.discovery())

        def do_POST(self) -> None:
            text = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(text).items()}
            if urlsplit(self.path).path == "/revoke":
                issuer.refresh_tokens.discard(form["token"])
                self.answer(200, {})
                return
            tokens = issuer.exchange(form)
            self.answer(200 if tokens else 400, tokens or {"error": "invalid_grant"})

        def redirect(self, location: str) -> None:
            self.send_response(302)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def answer(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Access-Control-Allow-Origin", "*")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    return Handler
