"""DeadlineTransport: an exchange ends in time whatever the other side does, and TLS is trusted."""

import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from imagebatch.adapters.providers import transport
from imagebatch.adapters.providers.transport import DeadlineTransport
from imagebatch.domain.errors import FailureCode, ProviderUnavailableError
from testing.fake_providers import FakeProviders


class Hello(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, *_: object) -> None: ...


class TlsServer(HTTPServer):
    """Finishes each handshake before it serves; a client that refuses it is no error."""

    def __init__(self, context: ssl.SSLContext) -> None:
        super().__init__(("127.0.0.1", 0), Hello)
        self.socket = context.wrap_socket(self.socket, server_side=True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=36500))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), False
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def address(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with TlsServer(context) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"https://127.0.0.1:{server.server_port}/run"
        server.shutdown()
        thread.join()


@pytest.fixture
def client() -> Iterator[httpx.Client]:
    wire = DeadlineTransport("Somebody", seconds=0.5, max_bytes=1_000_000)
    with httpx.Client(transport=wire, headers={"Authorization": "Bearer key"}) as client:
        yield client


def test_host_without_valid_certificate_gets_no_key(client: httpx.Client, address: str) -> None:
    with pytest.raises(ProviderUnavailableError) as caught:
        client.post(address)

    assert not caught.value.maybe_billed
    assert "could not be reached" in caught.value.reason


def test_a_host_that_is_trusted_is_spoken_to(
    client: httpx.Client, address: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(transport, "_ssl_context", lambda: trusting)

    assert client.post(address, json={}).text == "hello"


@pytest.mark.slow
def test_caller_timeout_does_not_extend_the_deadline(client: httpx.Client) -> None:
    """The replicate client asks for none at all."""
    with FakeProviders() as fake:
        fake.script("hang")
        with pytest.raises(ProviderUnavailableError) as caught:
            client.post(f"{fake.url}/v2/a/run", json={"input": {}}, timeout=None)

    assert caught.value.code is FailureCode.PROVIDER_TIMEOUT


@pytest.mark.slow
def test_concurrent_exchanges_have_separate_deadlines(client: httpx.Client) -> None:
    def one(prompt: str) -> bool:
        try:
            body = {"input": {"prompt": prompt}}
            return client.post(f"{fake.url}/v2/a/run", json=body).is_success
        except ProviderUnavailableError:
            return False

    with FakeProviders() as fake, ThreadPoolExecutor(8) as threads:
        fake.script("hang", prompt="stuck")
        prompts = ["stuck", "fine"] * 4
        answers = list(threads.map(one, prompts))

    assert answers == [False, True] * 4
