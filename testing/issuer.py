"""An OpenID Connect issuer on loopback that signs whatever token a test asks for.

with Issuer() as issuer:
    stack = stacks(AuthMode="oidc", OidcIssuer=issuer.url, OidcAudience=issuer.audience)
    token = issuer.token("ann")                          # a good one
    token = issuer.token("ann", aud="others", exp=0)     # claims as they are given; None leaves out
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

KEY_ID = "of-the-tests"


def new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


class Issuer:
    audience = "imagebatch-tests"

    def __init__(self) -> None:
        self.key, self.stranger = new_key(), new_key()
        self.issued: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def claims(self, subject: str, **other: Any) -> dict[str, Any]:
        now = int(time.time())
        usual = {"iss": self.url, "aud": self.audience, "sub": subject}
        made = {**usual, "iat": now - 5, "exp": now + 3600, **other}
        return {name: value for name, value in made.items() if value is not None}

    def token(
        self,
        subject: str,
        *,
        key: rsa.RSAPrivateKey | None = None,
        kid: str = KEY_ID,
        **claims: Any,
    ) -> str:
        content, signer = self.claims(subject, **claims), key or self.key
        made = jwt.encode(content, signer, "RS256", headers={"kid": kid})
        self.issued.append(made)
        return made

    def document(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/keys"}
        if path == "/keys":
            public: Any = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
            return {"keys": [{**public, "kid": KEY_ID, "use": "sig", "alg": "RS256"}]}
        return None


def _handler(issuer: Issuer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = issuer.document(self.path)
            body = json.dumps(found).encode()
            self.send_response(404 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (http.server's name)
            pass

    return Handler
