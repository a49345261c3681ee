"""StandardWebhooks: signed as the reference library checks it, and sent to public addresses."""

import base64
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpcore
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks import WebhookVerificationError

from imagebatch.adapters import webhooks
from imagebatch.adapters.deadline import DeadlineBackend
from imagebatch.adapters.system import SystemClock
from imagebatch.adapters.webhooks import StandardWebhooks, addresses_of, signing_keys
from imagebatch.domain.errors import WebhookDeliveryError
from imagebatch.ports.webhooks import Receipt
from testing.receiver import Receiver, free_address
from tests.intake.test_urls import PRIVATE

SECRET = "AbCd" * 16
OTHER = "whsec_" + base64.b64encode(b"another secret of 24 bytes or more").decode()
BODY = {"type": "batch.completed", "data": {"name": "Größe 7", "metadata": {}}}
NAME = "hook.example"
PUBLIC = "93.184.215.14"


class Wire(httpcore.NetworkBackend):
    """The open internet: whatever address is connected to, the local receiver answers."""

    def __init__(self, port: int, dead: Iterable[str] = ()) -> None:
        self.connected: list[str] = []
        self._port = port
        self._dead = set(dead)
        self._backend = DeadlineBackend()

    def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, *_: object, **__: object
    ) -> httpcore.NetworkStream:
        self.connected.append(host)
        if host in self._dead:
            raise httpcore.ConnectError(f"{host} is unreachable")
        return self._backend.connect_tcp("127.0.0.1", self._port, timeout)


class Names:
    """A name server whose answers change: the last one stays."""

    def __init__(self, *answers: list[str] | Exception) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    def __call__(self, host: str, port: int) -> list[str]:
        self.asked.append((host, port))
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of hook.example, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=36500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "receiver.pem"
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
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def secure(certificate: Path) -> Iterator[Receiver]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with Receiver(context) as server:
        yield server


@pytest.fixture
def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))


def local(receiver: Receiver, secret: str = SECRET) -> StandardWebhooks:
    return StandardWebhooks(lambda: secret, SystemClock(), development_origin=receiver.url)


def post(receiver: Receiver, sender: StandardWebhooks | None = None) -> Receipt:
    return (sender or local(receiver)).post(f"{receiver.url}/hook?key=7", "b1-1-1", BODY)


# --- what a receiver gets ------------------------------------------------------------------------


def test_message_is_verified_by_the_reference_library(receiver: Receiver) -> None:
    assert post(receiver) is Receipt.DELIVERED
    (received,) = receiver.received
    assert received.path == "/hook?key=7"
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert received.id == "b1-1-1"
    assert received.verified(f"whsec_{SECRET}") == BODY


def test_another_secret_and_another_body_do_not_verify(receiver: Receiver) -> None:
    post(receiver)
    (received,) = receiver.received
    with pytest.raises(WebhookVerificationError):
        received.verified(OTHER)
    with pytest.raises(WebhookVerificationError):
        type(received)(received.path, received.headers, received.body + b" ").verified(SECRET)


def test_resent_message_has_same_id_and_new_signature(receiver: Receiver) -> None:
    class Later(SystemClock):
        def now(self) -> datetime:
            return super().now() + timedelta(seconds=60)

    post(receiver)
    later = StandardWebhooks(lambda: SECRET, Later(), development_origin=receiver.url)
    post(receiver, later)
    first, second = receiver.received
    assert first.id == second.id
    assert first.body == second.body
    apart = [int(each.headers["webhook-timestamp"]) for each in (first, second)]
    assert 59 <= apart[1] - apart[0] <= 62
    assert second.verified(SECRET) == BODY


def test_while_a_secret_is_replaced_both_verify(receiver: Receiver) -> None:
    post(receiver, local(receiver, f"{OTHER} whsec_{SECRET}\n"))
    (received,) = receiver.received
    assert received.verified(OTHER) == received.verified(SECRET) == BODY


@pytest.mark.parametrize(
    "text", ["", "whsec_", "short", "whsec_" + "A" * 28, "A" * 92, "no base64"]
)
def test_invalid_secret_error_does_not_repeat_it(text: str) -> None:
    with pytest.raises(ValueError, match="24 to 64 bytes in base64") as caught:
        signing_keys(text)
    assert not text or text not in str(caught.value)


# --- what a receiver answers ---------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_answer_of_the_200s_is_good(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    assert post(receiver) is Receipt.DELIVERED


@pytest.mark.parametrize("status", [300, 304, 400, 401, 404, 408, 429, 500, 502, 503, 504])
def test_any_other_answer_is_worth_another_try(receiver: Receiver, status: int) -> None:
    receiver.answers = [status]
    with pytest.raises(WebhookDeliveryError, match=str(status)):
        post(receiver)
    assert len(receiver.received) == 1


def test_a_receiver_that_is_gone_says_so(receiver: Receiver) -> None:
    receiver.answers = [410]
    assert post(receiver) is Receipt.GONE


def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    """Neither to the instance's own credentials nor anywhere else."""
    for target in ("http://169.254.169.254/latest/meta-data/", f"{receiver.url}/elsewhere"):
        receiver.answers = [target]
        with pytest.raises(WebhookDeliveryError, match="307"):
            post(receiver)
    assert [each.path for each in receiver.received] == ["/hook?key=7"] * 2


def test_unreachable_receiver_is_retried() -> None:
    nobody = free_address()
    sender = StandardWebhooks(lambda: SECRET, SystemClock(), development_origin=nobody)
    with pytest.raises(WebhookDeliveryError, match="ConnectError"):
        sender.post(f"{nobody}/hook", "b1-1-1", BODY)


@pytest.mark.slow
def test_a_receiver_that_keeps_silent_is_left(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "SECONDS", 0.5)
    receiver.pause = 3600
    with pytest.raises(WebhookDeliveryError, match="ReadTimeout"):
        post(receiver)


# --- where it goes -------------------------------------------------------------------------------


def test_public_name_is_connected_by_address_with_verified_tls(
    secure: Receiver, trusting: ssl.SSLContext
) -> None:
    names, wire = Names([PUBLIC]), Wire(secure.port)
    sender = StandardWebhooks(
        lambda: SECRET, SystemClock(), resolve=names, backend=wire, ssl_context=trusting
    )
    assert sender.post(f"https://{NAME}/hook", "b1-1-1", BODY) is Receipt.DELIVERED
    assert (names.asked, wire.connected) == ([(NAME, 443)], [PUBLIC])
    assert secure.asked_for == [NAME]
    assert secure.received[0].headers["host"] == NAME
    assert secure.received[0].verified(SECRET) == BODY


def test_dns_change_after_the_check_has_no_effect(
    secure: Receiver, trusting: ssl.SSLContext
) -> None:
    names, wire = Names([PUBLIC], ["127.0.0.1"]), Wire(secure.port)
    sender = StandardWebhooks(
        lambda: SECRET, SystemClock(), resolve=names, backend=wire, ssl_context=trusting
    )
    sender.post(f"https://{NAME}/hook", "b1-1-1", BODY)
    assert (len(names.asked), wire.connected) == (1, [PUBLIC])
    assert sender.post(f"https://{NAME}/hook", "b1-1-1", BODY) is Receipt.REFUSED
    assert (len(names.asked), wire.connected) == (2, [PUBLIC])


@pytest.mark.parametrize("address", PRIVATE)
def test_name_with_a_private_address_is_not_called(address: str) -> None:
    for found in ([address], [PUBLIC, address], [address, PUBLIC]):
        wire = Wire(9)
        sender = StandardWebhooks(lambda: SECRET, SystemClock(), resolve=Names(found), backend=wire)
        assert sender.post(f"https://{NAME}/hook", "b1-1-1", BODY) is Receipt.REFUSED
        assert wire.connected == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "[::1]", "localhost"]
)
def test_loopback_in_any_spelling_is_not_connected_to(host: str, secure: Receiver) -> None:
    """By the machine's own resolver."""
    sender = StandardWebhooks(lambda: SECRET, SystemClock())
    url = f"https://{host}:{secure.port}/hook"
    assert sender.post(url, "b1-1-1", BODY) is Receipt.REFUSED
    assert secure.asked_for == secure.received == []


@pytest.mark.parametrize(
    "url",
    [
        "http://hook.example/hook",
        "ftp://hook.example/hook",
        "file:///etc/passwd",
        "hook.example/hook",
        "https://hook.example:99999/hook",
        "https://.hook.example/hook",
        f"https://{'a' * 64}.example/hook",
    ],
)
def test_url_without_https_or_host_is_rejected(url: str) -> None:
    wire = Wire(9)
    sender = StandardWebhooks(lambda: SECRET, SystemClock(), resolve=addresses_of, backend=wire)
    assert sender.post(url, "b1-1-1", BODY) is Receipt.REFUSED
    assert wire.connected == []


def test_a_server_that_cannot_prove_its_name_gets_nothing(secure: Receiver) -> None:
    sender = StandardWebhooks(
        lambda: SECRET, SystemClock(), resolve=Names([PUBLIC]), backend=Wire(secure.port)
    )
    with pytest.raises(WebhookDeliveryError, match="ConnectError"):
        sender.post(f"https://{NAME}/hook", "b1-1-1", BODY)
    assert secure.received == []


def test_a_certificate_of_another_name_is_not_enough(
    secure: Receiver, trusting: ssl.SSLContext
) -> None:
    sender = StandardWebhooks(
        lambda: SECRET,
        SystemClock(),
        resolve=Names([PUBLIC]),
        backend=Wire(secure.port),
        ssl_context=trusting,
    )
    with pytest.raises(WebhookDeliveryError, match="ConnectError"):
        sender.post("https://another.example/hook", "b1-1-1", BODY)
    assert secure.received == []


def test_an_address_that_is_unreachable_leaves_the_next_one(
    secure: Receiver, trusting: ssl.SSLContext
) -> None:
    six, four = "2001:4860:4860::8888", PUBLIC
    wire = Wire(secure.port, dead=[six])
    sender = StandardWebhooks(
        lambda: SECRET,
        SystemClock(),
        resolve=Names([six, four]),
        backend=wire,
        ssl_context=trusting,
    )
    assert sender.post(f"https://{NAME}/hook", "b1-1-1", BODY) is Receipt.DELIVERED
    assert wire.connected == [six, four]


@pytest.mark.parametrize("answer", [[], socket.gaierror(-3, "try again")])
def test_unresolvable_name_is_retried(
    answer: list[str] | Exception,
) -> None:
    sender = StandardWebhooks(lambda: SECRET, SystemClock(), resolve=Names(answer), backend=Wire(9))
    with pytest.raises(WebhookDeliveryError, match="ConnectError"):
        sender.post(f"https://{NAME}/hook", "b1-1-1", BODY)


def test_the_development_receivers_neighbours_are_as_private_as_ever(receiver: Receiver) -> None:
    sender = local(receiver)
    for url in (
        receiver.url.replace("http", "https"),
        f"http://127.0.0.1:{receiver.port + 1}/hook",
        f"http://localhost:{receiver.port}/hook",
        f"http://127.0.0.1:{receiver.port}@{NAME}/hook",
    ):
        assert sender.post(url, "b1-1-1", BODY) is Receipt.REFUSED
    assert receiver.received == []


def test_in_production_loopback_is_no_receiver(receiver: Receiver) -> None:
    sender = StandardWebhooks(lambda: SECRET, SystemClock())
    assert post(receiver, sender) is Receipt.REFUSED
    assert receiver.received == []


def test_the_receiver_of_the_documentation_takes_a_message_once(tmp_path: Path) -> None:
    page = Path(webhooks.__file__).parents[4] / "docs" / "webhooks.md"
    (program,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    origin = free_address()
    sender = StandardWebhooks(lambda: SECRET, SystemClock(), development_origin=origin)
    liar = StandardWebhooks(lambda: OTHER, SystemClock(), development_origin=origin)
    env = {"WEBHOOK_SECRET": f"whsec_{SECRET}", "PORT": origin.rpartition(":")[2]}
    with subprocess.Popen(
        [sys.executable, "-c", program],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            until = time.monotonic() + 20
            while not _posted(sender, origin):
                assert time.monotonic() < until
                time.sleep(0.05)
            assert sender.post(f"{origin}/hook", "b1-1-1", BODY) is Receipt.DELIVERED
            with pytest.raises(WebhookDeliveryError, match="401"):
                liar.post(f"{origin}/hook", "b1-1-2", BODY)
        finally:
            process.terminate()
        out, _ = process.communicate(timeout=10)
    assert out == f"batch.completed {json.dumps(BODY['data'])}\n"


def _posted(sender: StandardWebhooks, origin: str) -> bool:
    with suppress(WebhookDeliveryError):
        return sender.post(f"{origin}/hook", "b1-1-1", BODY) is Receipt.DELIVERED
    return False


def test_the_body_is_compact_json_in_utf_8(receiver: Receiver) -> None:
    post(receiver)
    body = receiver.received[0].body
    assert body == json.dumps(BODY, ensure_ascii=False, separators=(",", ":")).encode()
