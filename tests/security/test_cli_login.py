"""`imagebatch login` with the user pool of the deployed template: hosted page, renewal, sign-out.

The emulator serves the pool's pages on its own address and revokes by its API alone, so a server
stands in front: it names itself as the issuer and passes everything else on.
"""

import json
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from imagebatch_cli import app
from imagebatch_cli.auth import oidc
from imagebatch_cli.auth.store import CredentialStore
from imagebatch_cli.errors import SignInExpiredError
from testing.auth_backends import CognitoPool, email


@contextmanager
def in_front_of(pool: CognitoPool) -> Iterator[str]:
    class Front(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            here = f"http://{self.headers['Host']}"
            if self.path == "/.well-known/openid-configuration":
                user_pool, _ = pool.home
                found = httpx.get(f"{pool.stack['endpointUrl']}/{user_pool}{self.path}").json()
                self.answer(200, found | {"issuer": here, "revocation_endpoint": f"{here}/revoke"})
                return
            sent = {name: self.headers[name] for name in ("Authorization",) if self.headers[name]}
            passed_on = httpx.get(f"{pool.stack['apiUrl']}{self.path}", headers=sent)
            document = passed_on.json()
            if self.path == "/config.json":
                document["cli"] |= {"issuer": here}
            self.answer(passed_on.status_code, document)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            pool.people.revoke_token(Token=form["token"], ClientId=form["client_id"])
            self.answer(200, {})

        def answer(self, status: int, document: dict[str, Any]) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def fill_in(pool: CognitoPool, name: str, password: str, page: str) -> bool:
    """What a person does in the browser: the pool's page, then back to the command line."""
    form = httpx.get(page)
    fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', form.text))
    back = httpx.post(
        f"{pool.stack['endpointUrl']}/login",
        data={**fields, "username": name, "password": password},
    )
    return httpx.get(back.headers["location"]).is_success


def test_login_renewal_and_logout_with_the_pool(
    pool: CognitoPool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    password = f"{secrets.token_urlsafe(24)}aA1-"
    pool.token("lea")  # made by an administrator
    pool.people.admin_set_user_password(
        UserPoolId=pool.home[0], Username=email("lea"), Password=password, Permanent=True
    )
    visited: list[str] = []

    def browse(url: str) -> bool:
        visited.append(url)
        return "/logout?" in url or fill_in(pool, email("lea"), password, url)

    monkeypatch.setattr("webbrowser.open", browse)
    monkeypatch.setenv("IMAGEBATCH_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    with in_front_of(pool) as url:
        assert app.run(["--url", url, "login"]) == 0
        assert f"as {email('lea')}" in capsys.readouterr().out
        first = CredentialStore().load(url)
        assert first is not None
        renewed = oidc.renew(first)
        CredentialStore().save(url, renewed)
        assert app.run(["--url", url, "list"]) == 0
        assert app.run(["--url", url, "logout"]) == 0
        with pytest.raises(SignInExpiredError):
            oidc.renew(renewed)
    sign_in, sign_out = visited
    assert "code_challenge_method=S256" in sign_in
    query = parse_qs(urlsplit(sign_out).query)
    assert query == {"client_id": [pool.home[1]], "logout_uri": [f"{url}/"]}
