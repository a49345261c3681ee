"""An S3 on loopback, in memory, fast enough to measure against and as unreliable as a test wants.

    with S3Server(read_latency=0.03) as server:
        server.put("bucket/key", b"...")             # without a request
        client = server.client()                     # a boto3 client of it
        server.fail("UploadPart", nth=3)             # the third from now answers 503 SlowDown
        server.fail("GetObject", action="cut")       # half of the body, then the line is dead
        held = server.hold("UploadPart", nth=2)      # blocks it until held.release() or drop()
        server.count("GetObject")                    # requests so far, refused ones included

Faults: `error` (status, code), `cut` (a body that breaks off), `lost` (done, but the answer is
lost). Each is for `times` calls of the operation from the `nth` on, counted from when it was
scripted; `fault.fired` says how often it struck. What it knows of S3 is what an archive needs:
objects with Range and If-Match and their CRC-32, and multipart uploads, whose parts may be copied
from objects, with the minimum size of a part.

Alone: `python -m testing.s3server --read-latency 0.03` prints its address and serves until
its standard input ends.
"""

import argparse
import socket
import socketserver
import sys
import threading
import zlib
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
from botocore.config import Config

from imagebatch.adapters.aws import client_config
from imagebatch.formats import crc32
from testing.s3_operations import S3Operations, md5_of, problem_answer
from testing.s3_requests import Answer, Fault, Request, RequestError, Stored

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class S3Server(S3Operations):
    def __init__(self, *, read_latency: float = 0, port: int = 0) -> None:
        super().__init__(read_latency)
        self.calls: list[str] = []
        self.moved: Counter[str] = Counter()
        """Bytes of bodies, in both directions, by operation."""
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._connections = 0
        self._changed = threading.Condition()
        self._listener = _Listener(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.01,), daemon=True
        )

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._listener.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for fault in self._faults:
            fault.release()
        self._listener.shutdown()
        self._listener.server_close()
        self._thread.join()

    def client(self, *, attempts: int = 4) -> "S3Client":
        return client_of(self.endpoint, attempts=attempts)

    def put(self, key: str, body: bytes) -> Stored:
        self.objects[key] = Stored([body], md5_of(body), crc32=crc32.in_base64(zlib.crc32(body)))
        return self.objects[key]

    def fail(
        self,
        operation: str,
        *,
        action: str = "error",
        nth: int = 1,
        times: int = 1,
        status: int = 503,
        code: str = "SlowDown",
        key: str | None = None,
    ) -> Fault:
        fault = Fault(operation, action, nth, times, status, code, key)
        self._faults.append(fault)
        return fault

    def hold(self, operation: str, *, nth: int = 1) -> Fault:
        return self.fail(operation, action="hold", nth=nth)

    def count(self, operation: str) -> int:
        return self.calls.count(operation)

    def drain(self) -> None:
        """Wait until nobody is connected: everything that a killed client sent has been
        processed.
        """
        with self._changed:
            assert self._changed.wait_for(lambda: self._connections == 0, timeout=30)

    def connected(self, change: int) -> None:
        with self._changed:
            self._connections += change
            self._changed.notify_all()

    def answer(self, request: Request) -> tuple[Answer, str]:
        """The answer, and what is done to it on its way: `cut`, `lost` or nothing."""
        operation = request.operation
        with self._lock:
            self.calls.append(operation)
            struck = [f for f in self._faults if f.strikes(operation, request.key)]
        for fault in struck:
            if fault.action == "error":
                return problem_answer(fault.status, fault.code), ""
            if fault.action == "hold":
                fault.reached.set()
                fault.released.wait()
                if fault.dropped:
                    raise ConnectionAbortedError
        try:
            answer = self.perform(request)
        except RequestError as refused:
            return problem_answer(refused.status, refused.code), ""
        with self._lock:
            self.moved[operation] += len(request.body) + len(answer.body)
        return answer, struck[0].action if struck else ""


def client_of(endpoint: str, *, attempts: int = 4) -> "S3Client":
    """A boto3 client with the adapters' own configuration."""
    config = client_config(
        read_timeout=20,
        connections=50,
        signature_version="s3v4",
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return boto3.client(
        "s3",
        endpoint_url=endpoint,
        aws_access_key_id="test",
        aws_secret_access_key="test",
        region_name="us-east-1",
        config=config.merge(Config(retries={"mode": "standard", "total_max_attempts": attempts})),
    )


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], owner: S3Server) -> None:
        super().__init__(address, _Connection)
        self.owner = owner


class _Connection(socketserver.StreamRequestHandler):
    server: _Listener
    rbufsize = 256 * 1024

    def handle(self) -> None:
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.server.owner.connected(1)
        try:
            for request in self._requests():
                answer, fate = self.server.owner.answer(request)
                if request.method == "HEAD":
                    # A body would be taken for the next response on this connection.
                    answer.body = b""
                if fate == "lost" or not self._send(answer, cut=fate == "cut"):
                    return
        except ConnectionError:
            return
        finally:
            self.server.owner.connected(-1)

    def _requests(self) -> Iterator[Request]:
        while line := self.rfile.readline():
            method, target, _ = line.decode("latin-1").split(" ", 2)
            headers = {}
            while (header := self.rfile.readline().strip()) != b"":
                name, _, value = header.decode("latin-1").partition(":")
                headers[name.strip().lower()] = value.strip()
            if headers.get("expect") == "100-continue":
                self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            body = bytearray(int(headers.get("content-length", 0)))
            view, done = memoryview(body), 0
            while done < len(body):
                if not (many := self.rfile.readinto(view[done:])):
                    return
                done += many
            address = urlsplit(target)
            query = parse_qs(address.query, keep_blank_values=True)
            key = unquote(address.path).lstrip("/")
            yield Request(method, key, {k: v[0] for k, v in query.items()}, headers, body)

    def _send(self, answer: Answer, *, cut: bool) -> bool:
        length = len(answer.body) if answer.length is None else answer.length
        head = [f"HTTP/1.1 {answer.status} .", f"content-length: {length}"]
        head += [f"{name}: {value}" for name, value in answer.headers.items()]
        self.connection.sendall("\r\n".join([*head, "", ""]).encode())
        if cut:
            self.connection.sendall(answer.body[: length // 2])
            return False
        if answer.body:
            self.connection.sendall(answer.body)
        return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--read-latency", type=float, default=0.0)
    parser.add_argument("--port", type=int, default=0)
    given = parser.parse_args()
    with S3Server(read_latency=given.read_latency, port=given.port) as server:
        sys.stdout.write(f"{server.endpoint}\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
