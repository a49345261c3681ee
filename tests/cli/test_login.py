"""Signing in and out against an issuer on loopback, with the service told of it by /config.json."""

import itertools
import json
import os
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import DEFAULT, Mock
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from imagebatch_cli import app
from imagebatch_cli.auth import loopback
from imagebatch_cli.auth.store import CredentialStore
from imagebatch_cli.errors import SignInError
from local.config import free_port
from testing.fake_api import BATCH, STATUS, Answer, FakeApi, status
from testing.openid_provider import AUDIENCE, PERSON, Issuer
from tests.cli.conftest import Cli

LIST = "/api/v1/batch"
BROWSER = """
import sys, urllib.request
open(sys.argv[1], "w").write(sys.argv[2])
urllib.request.urlopen(sys.argv[2]).read()
"""
type Run = Callable[..., int]


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as running:
        yield running


@pytest.fixture(autouse=True)
def ports(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three that are free: the real ones may be taken by whatever else runs here."""
    monkeypatch.setattr(loopback, "PORTS", tuple(free_port() for _ in loopback.PORTS))


@pytest.fixture
def api(api: FakeApi, issuer: Issuer) -> FakeApi:
    """The service, with authentication on: it takes tokens that the issuer made."""
    told = {"issuer": issuer.url, "clientId": "terminal", "audience": AUDIENCE, "scope": "openid"}
    api.answers["GET", "/config.json"] = Answer(200, {"auth": told, "cli": told})
    api.answers["GET", LIST] = Answer(200, {"items": [], "next_cursor": None})
    return api


@pytest.fixture
def run(api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """The program in this process, with a browser that goes where it is sent at once."""
    monkeypatch.delenv("IMAGEBATCH_TOKEN", raising=False)
    monkeypatch.setenv("IMAGEBATCH_URL", api.url)
    monkeypatch.setenv("IMAGEBATCH_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("IMAGEBATCH_RETRY_TIMEOUT", "5")
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    visit = lambda url: httpx.get(url, follow_redirects=True).is_success  # noqa: E731
    monkeypatch.setattr("webbrowser.open", visit)
    return lambda *words: app.run(list(words))


def sign_ins(api: FakeApi) -> Any:
    return CredentialStore().load(api.url)


def bearer(api: FakeApi) -> str:
    return api.sent("GET", LIST)[-1].headers.get("authorization", "")


@pytest.mark.slow
def test_login_keeps_tokens_that_commands_then_use(
    run: Run, api: FakeApi, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("login") == 0
    assert f"Signed in to {api.url} as {PERSON['email']}" in capsys.readouterr().out
    kept = sign_ins(api)
    for file in (tmp_path / "config").iterdir():
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0 or file.name == "lock"
    assert run("list") == 0
    assert bearer(api) == f"Bearer {kept.access_token}"


@pytest.mark.slow
def test_address_of_last_login_is_the_default(
    run: Run, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMAGEBATCH_URL")
    assert run("login", "--url", f"{api.url}/") == 0
    assert run("list") == 0
    assert bearer(api).startswith("Bearer ey")


@pytest.mark.slow
def test_given_token_wins_over_login(
    run: Run, api: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IMAGEBATCH_TOKEN", "given")
    assert run("login") == 0
    assert "IMAGEBATCH_TOKEN is set and takes precedence" in capsys.readouterr().err
    run("list")
    assert bearer(api) == "Bearer given"


@pytest.mark.slow
def test_nothing_secret_is_in_arguments_or_output(cli: Cli, api: FakeApi, issuer: Issuer) -> None:
    """As people run it: a process, with a browser that is another process."""
    (cli.home / "browse.py").write_text(BROWSER)
    browser = [sys.executable, str(cli.home / "browse.py"), str(cli.home / "argument"), "%s &"]
    cli.env |= {"BROWSER": " ".join(browser), "IMAGEBATCH_TOKEN": ""}
    cli.env["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    program = f"from imagebatch_cli.auth import loopback; loopback.PORTS = {loopback.PORTS}"
    program += "; from imagebatch_cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "login", "--json"],
        env=cli.env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    kept = json.loads((cli.home / "config" / "credentials.json").read_text())
    tokens = kept["signIns"][api.url]
    query = parse_qs(urlsplit((cli.home / "argument").read_text()).query)
    assert query["code_challenge_method"] == ["S256"]
    form = issuer.forms[0]
    secrets = [tokens["access_token"], tokens["refresh_token"], form["code_verifier"], form["code"]]
    seen = done.stdout + done.stderr + (cli.home / "argument").read_text()
    assert not [secret for secret in secrets if secret in seen]


def answering(change: Callable[[dict[str, str]], dict[str, str]]) -> Callable[[str], bool]:
    """A browser whose redirect is tampered with."""

    def visit(url: str) -> bool:
        found = httpx.get(url)
        parts = urlsplit(found.headers["location"])
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        answer = httpx.get(f"http://{parts.netloc}{parts.path}", params=change(query))
        return answer.is_success

    return visit


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda q: q | {"state": "another"}, "belongs to another sign-in"),
        (lambda q: {"code": q["code"]}, "belongs to another sign-in"),
        (lambda q: q | {"iss": "https://evil.example"}, "came from another issuer"),
        (lambda q: q | {"code": "stolen"}, "rejected the request: invalid_grant"),
    ],
)
def test_tampered_redirect_is_refused(
    run: Run,
    api: FakeApi,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[dict[str, str]], dict[str, str]],
    message: str,
) -> None:
    monkeypatch.setattr("webbrowser.open", answering(change))
    assert run("login") == 4
    assert message in capsys.readouterr().err
    assert sign_ins(api) is None


@pytest.mark.slow
def test_refused_login_says_why(
    run: Run, api: FakeApi, issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    issuer.refused = "access_denied"
    assert run("login") == 4
    assert "The sign-in was rejected: access_denied" in capsys.readouterr().err


@pytest.mark.slow
def test_exactly_one_request_is_served() -> None:
    with loopback.LoopbackServer() as server:
        answers: list[int] = []
        url = server.redirect_uri.replace("/callback", "/other")
        thread = threading.Thread(target=lambda: answers.append(httpx.get(url).status_code))
        thread.start()
        with pytest.raises(SignInError, match="did not come from the sign-in page"):
            server.wait(20)
        thread.join()
    assert answers == [404]
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_each_of_three_ports_is_used_and_no_other() -> None:
    with ExitStack() as stack:
        servers = [stack.enter_context(loopback.LoopbackServer()) for _ in loopback.PORTS]
        assert [server.server_port for server in servers] == list(loopback.PORTS)
        with pytest.raises(SignInError, match="are all in use"):
            loopback.LoopbackServer()


@pytest.mark.slow
def test_nobody_signing_in_ends_the_wait() -> None:
    with loopback.LoopbackServer() as server, pytest.raises(SignInError, match="Nobody signed in"):
        server.wait(0.01)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("config", "code", "message"),
    [
        ({"auth": None, "cli": None}, 0, "without authentication"),
        ({"auth": {"issuer": "x"}, "cli": None}, 3, "CliClientId"),
        (
            {"auth": {}, "cli": {"issuer": "http://login.example", "clientId": "c"}},
            4,
            "not an https URL",
        ),
        (
            {"auth": {}, "cli": {"issuer": "http://127.0.0.1:1", "clientId": "c"}},
            4,
            "cannot be reached",
        ),
    ],
)
def test_service_without_usable_issuer_says_so(
    run: Run,
    api: FakeApi,
    capsys: pytest.CaptureFixture[str],
    config: dict[str, Any],
    code: int,
    message: str,
) -> None:
    api.answers["GET", "/config.json"] = Answer(200, config)
    assert run("login") == code
    said = capsys.readouterr()
    assert message in said.out + said.err


@pytest.mark.slow
def test_token_the_service_refuses_is_not_kept(
    run: Run, api: FakeApi, capsys: pytest.CaptureFixture[str]
) -> None:
    api.answers["GET", LIST] = Answer(401, {"message": "Unauthorized"})
    assert run("login") == 4
    assert "does not accept the token" in capsys.readouterr().err
    assert sign_ins(api) is None


@pytest.mark.slow
def test_token_is_renewed_before_it_ends(run: Run, api: FakeApi, issuer: Issuer) -> None:
    issuer.valid_for = 1
    run("login")
    issuer.valid_for = 3600
    first = sign_ins(api)
    assert run("list") == 0
    renewed = sign_ins(api)
    assert renewed.refresh_token != first.refresh_token
    assert bearer(api) == f"Bearer {renewed.access_token}"
    assert len(issuer.refresh_tokens) == 1


@pytest.mark.slow
def test_token_refused_during_wait_is_renewed(run: Run, api: FakeApi) -> None:
    run("login")
    first = sign_ins(api).access_token
    api.life = [status(), status("completed", done=3)]
    api.script("GET", STATUS, Answer(401, {"message": "Unauthorized"}))
    assert run("watch", BATCH) == 0
    refused, retried, *_ = api.sent("GET", STATUS)
    assert refused.headers["authorization"] == f"Bearer {first}"
    assert retried.headers["authorization"] == f"Bearer {sign_ins(api).access_token}" != first


@pytest.mark.slow
def test_unavailable_issuer_is_retried(
    run: Run, api: FakeApi, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    run("login")
    kept = sign_ins(api)
    answers = itertools.chain([httpx.ConnectError("refused")], itertools.repeat(DEFAULT))
    monkeypatch.setattr("httpx.request", Mock(wraps=httpx.request, side_effect=answers))
    api.script("GET", LIST, Answer(401, {}), Answer(401, {}))
    assert run("list") == 0
    assert sign_ins(api).access_token != kept.access_token


@pytest.mark.slow
def test_ended_login_during_wait_says_how_to_go_on(
    run: Run, api: FakeApi, issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    run("login")
    issuer.refresh_tokens.clear()
    api.script("GET", STATUS, Answer(401, {"message": "Unauthorized"}))
    assert run("watch", BATCH) == 4
    said = capsys.readouterr().err
    assert "Your sign-in has expired" in said
    assert "imagebatch login" in said
    assert f"The batch continues. Watch it: imagebatch watch {BATCH}" in said


@pytest.mark.slow
def test_given_token_expiring_during_wait_says_how_to_continue(
    run: Run, api: FakeApi, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("IMAGEBATCH_TOKEN", "ends soon")
    api.answers["GET", STATUS] = Answer(401, {"message": "Unauthorized"})
    assert run("watch", BATCH) == 4
    said = capsys.readouterr().err
    assert "IMAGEBATCH_TOKEN" in said
    assert f"imagebatch watch {BATCH}" in said


@pytest.mark.slow
def test_two_commands_renew_a_rotating_token_once(run: Run, api: FakeApi, issuer: Issuer) -> None:
    run("login")
    run("list")
    api.ended_tokens.add(bearer(api))
    words = [sys.executable, "-m", "imagebatch_cli", "list"]
    env = os.environ | {"PYTHONPATH": str(Path(app.__file__).parents[1])}
    started = [subprocess.Popen(words, env=env, stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(120) for process in started] == [0, 0]
    assert len(issuer.refresh_tokens) == 1


@pytest.mark.slow
def test_logout_revokes_forgets_and_ends_the_session(
    run: Run, api: FakeApi, issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    run("login")
    assert issuer.refresh_tokens
    assert run("logout") == 0
    assert not issuer.refresh_tokens
    assert issuer.signed_out == [{"client_id": "terminal"}]
    assert sign_ins(api) is None
    assert run("logout") == 0
    assert "Not signed in" in capsys.readouterr().out


@pytest.mark.slow
def test_logout_of_cognito_uses_its_own_address(
    run: Run, api: FakeApi, issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = {"issuer": issuer.url, "clientId": "c", "audience": AUDIENCE}
    logout = {"logoutUrl": f"{issuer.url}/logout"}
    api.answers["GET", "/config.json"] = Answer(200, {"auth": told, "cli": told | logout})
    run("login")
    run("logout")
    assert issuer.signed_out == [{"client_id": "c", "logout_uri": f"{api.url}/"}]


@pytest.mark.slow
def test_logout_without_issuer_still_forgets(
    run: Run,
    api: FakeApi,
    issuer: Issuer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run("login")
    monkeypatch.setattr("httpx.request", Mock(side_effect=httpx.ConnectError("refused")))
    assert run("logout", "--no-browser") == 4
    assert "could not be revoked" in capsys.readouterr().err
    assert sign_ins(api) is None


@pytest.mark.slow
def test_keyring_is_used_where_there_is_one(
    run: Run, api: FakeApi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import keyring

    kept: dict[tuple[str, str], str] = {}
    monkeypatch.setattr(keyring, "set_password", lambda s, u, p: kept.update({(s, u): p}))
    monkeypatch.setattr(keyring, "get_password", lambda s, u: kept.get((s, u)))
    monkeypatch.setattr(keyring, "delete_password", lambda s, u: kept.pop((s, u)))
    run("login")
    assert list(kept) == [("imagebatch", api.url)]
    assert "ey" not in (tmp_path / "config" / "credentials.json").read_text()
    assert run("list") == 0
    run("logout")
    assert not kept
