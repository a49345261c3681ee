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
import hashlib
import itertools
import re
import socket
import socketserver
import sys
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import boto3
from botocore.config import Config

from imagebatch.adapters.aws import client_config
from imagebatch.formats import crc32

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

MINIMUM_PART = 5 * 1024 * 1024
COPIED_BYTES_A_SECOND = 100_000_000
"""How fast one copy of a part is, where reads take time too."""


type Body = bytes | bytearray | memoryview


@dataclass
class Stored:
    """An object in the parts as uploaded; the reader concatenates them."""

    parts: list[Body]
    etag: str
    metadata: dict[str, str] = field(default_factory=dict)
    content_type: str = ""
    crc32: str = ""

    @property
    def body(self) -> Body:
        if len(self.parts) > 1:
            self.parts = [b"".join(self.parts)]
        return self.parts[0]

    @property
    def size(self) -> int:
        return sum(map(len, self.parts))


@dataclass
class Upload:
    key: str
    metadata: dict[str, str]
    content_type: str
    parts: dict[int, Stored] = field(default_factory=dict)


@dataclass
class Fault:
    operation: str
    action: str
    nth: int
    times: int
    status: int
    code: str
    key: str | None
    seen: int = 0
    fired: int = 0
    reached: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)

    dropped: bool = False

    def release(self) -> None:
        """Let the held request continue."""
        self.released.set()

    def drop(self) -> None:
        """End the held request as if it had never arrived."""
        self.dropped = True
        self.released.set()

    def strikes(self, operation: str, key: str) -> bool:
        if operation != self.operation or (self.key is not None and self.key != key):
            return False
        self.seen += 1
        if not self.nth <= self.seen < self.nth + self.times:
            return False
        self.fired += 1
        return True


@dataclass
class Request:
    method: str
    key: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytearray

    @property
    def operation(self) -> str:
        names = {
            "POST": "CreateMultipartUpload"
            if "uploads" in self.query
            else "CompleteMultipartUpload",
            "PUT": "UploadPart" if "partNumber" in self.query else "PutObject",
            "DELETE": "AbortMultipartUpload" if "uploadId" in self.query else "DeleteObject",
            "HEAD": "HeadObject",
            "GET": "GetObject",
        }
        if self.method == "GET" and "uploads" in self.query:
            return "ListMultipartUploads"
        if "x-amz-copy-source" in self.headers:
            return "UploadPartCopy"
        return names[self.method]

    @property
    def metadata(self) -> dict[str, str]:
        prefix = "x-amz-meta-"
        return {k[len(prefix) :]: v for k, v in self.headers.items() if k.startswith(prefix)}


@dataclass
class Answer:
    status: int = 200
    body: bytes | memoryview = b""
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


class RequestError(Exception):
    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        self.status = status
        self.code = code


class S3Server:
    def __init__(self, *, read_latency: float = 0, port: int = 0) -> None:
        self.read_latency = read_latency
        self.objects: dict[str, Stored] = {}
        self.uploads: dict[str, Upload] = {}
        self.calls: list[str] = []
        self.moved: Counter[str] = Counter()
        """Bytes of bodies, in both directions, by operation."""
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._connections = 0
        self._changed = threading.Condition()
        self._ids = (f"upload-{n}" for n in itertools.count(1))
        self._listener = _Listener(("127.0.0.1", port), self)
        self._thread = threading.Thread(
            target=self._listener.serve_forever, args=(0.02,), daemon=True
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
        self.objects[key] = Stored([body], _md5(body), crc32=crc32.in_base64(zlib.crc32(body)))
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
        if operation == "GetObject" and self.read_latency:
            time.sleep(self.read_latency)
        for fault in struck:
            if fault.action == "error":
                return _problem(fault.status, fault.code), ""
            if fault.action == "hold":
                fault.reached.set()
                fault.released.wait()
                if fault.dropped:
                    raise ConnectionAbortedError
        try:
            answer = getattr(self, f"_{_snake(operation)}")(request)
        except RequestError as refused:
            return _problem(refused.status, refused.code), ""
        with self._lock:
            self.moved[operation] += len(request.body) + len(answer.body)
        return answer, struck[0].action if struck else ""

    def _get_object(self, request: Request) -> Answer:
        stored = self._find(request)
        headers = _headers(stored)
        body = memoryview(stored.body)
        if wanted := re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers.get("range", "")):
            first, last = int(wanted[1]), min(int(wanted[2]), len(body) - 1)
            if first >= len(body):
                raise RequestError(416, "InvalidRange")
            headers["content-range"] = f"bytes {first}-{last}/{len(body)}"
            return Answer(206, body[first : last + 1], headers)
        return Answer(200, body, headers)

    def _head_object(self, request: Request) -> Answer:
        stored = self._find(request)
        headers = _headers(stored)
        if request.headers.get("x-amz-checksum-mode") == "ENABLED" and stored.crc32:
            headers |= {"x-amz-checksum-crc32": stored.crc32}
            headers |= {"x-amz-checksum-type": "FULL_OBJECT"}
        return Answer(200, b"", headers, length=stored.size)

    def _find(self, request: Request) -> Stored:
        return self._matching(request.key, request.headers.get("if-match", "*"))

    def _matching(self, key: str, etag: str) -> Stored:
        stored = self.objects.get(key)
        if stored is None:
            raise RequestError(404, "NoSuchKey")
        if etag not in {"*", stored.etag, f'"{stored.etag}"'}:
            raise RequestError(412, "PreconditionFailed")
        return stored

    def _put_object(self, request: Request) -> Answer:
        etag = _md5(request.body)
        self.objects[request.key] = Stored(
            [request.body],
            etag,
            request.metadata,
            request.headers.get("content-type", ""),
            request.headers.get("x-amz-checksum-crc32", ""),
        )
        return Answer(headers={"etag": f'"{etag}"'})

    def _delete_object(self, request: Request) -> Answer:
        self.objects.pop(request.key, None)
        return Answer(204)

    def _create_multipart_upload(self, request: Request) -> Answer:
        upload_id = next(self._ids)
        self.uploads[upload_id] = Upload(
            request.key, request.metadata, request.headers.get("content-type", "")
        )
        return _xml("InitiateMultipartUploadResult", f"<UploadId>{upload_id}</UploadId>")

    def _upload_part(self, request: Request) -> Answer:
        part = Stored([request.body], _md5(request.body))
        self._upload(request).parts[int(request.query["partNumber"])] = part
        return Answer(headers={"etag": f'"{part.etag}"'})

    def _upload_part_copy(self, request: Request) -> Answer:
        """S3 moves and hashes the bytes on machines of its own; here that takes time alone."""
        key = unquote(request.headers["x-amz-copy-source"]).lstrip("/")
        source = self._matching(key, request.headers.get("x-amz-copy-source-if-match", "*"))
        asked = re.fullmatch(r"bytes=(\d+)-(\d+)", request.headers["x-amz-copy-source-range"])
        if asked is None or int(asked[2]) >= source.size or source.size <= MINIMUM_PART:
            raise RequestError(400, "InvalidRequest")
        body = memoryview(source.body)[int(asked[1]) : int(asked[2]) + 1]
        if self.read_latency:
            time.sleep(self.read_latency + len(body) / COPIED_BYTES_A_SECOND)
        part = Stored([body], _md5(f"{source.etag} {asked[0]}".encode()))
        self._upload(request).parts[int(request.query["partNumber"])] = part
        return _xml("CopyPartResult", f"<ETag>&quot;{part.etag}&quot;</ETag>")

    def _complete_multipart_upload(self, request: Request) -> Answer:
        upload = self._upload(request)
        numbers = [int(n) for n in re.findall(rb"<PartNumber>(\d+)<", request.body)]
        if sorted(upload.parts.keys() & set(numbers)) != numbers:
            raise RequestError(400, "InvalidPart")
        parts = [upload.parts[n] for n in numbers]
        if any(len(part.body) < MINIMUM_PART for part in parts[:-1]):
            raise RequestError(400, "EntityTooSmall")
        digest = _md5(b"".join(bytes.fromhex(part.etag) for part in parts))
        bodies = [part.body for part in parts]
        self.objects[upload.key] = Stored(
            bodies, f"{digest}-{len(parts)}", upload.metadata, upload.content_type
        )
        del self.uploads[request.query["uploadId"]]
        return _xml("CompleteMultipartUploadResult", f"<ETag>{digest}-{len(parts)}</ETag>")

    def _abort_multipart_upload(self, request: Request) -> Answer:
        self._upload(request)
        del self.uploads[request.query["uploadId"]]
        return Answer(204)

    def _upload(self, request: Request) -> Upload:
        upload = self.uploads.get(request.query["uploadId"])
        if upload is None:
            raise RequestError(404, "NoSuchUpload")
        return upload

    def _list_multipart_uploads(self, request: Request) -> Answer:
        prefix = f"{request.key.rstrip('/')}/{request.query.get('prefix', '')}"
        found = "".join(
            f"<Upload><Key>{escape(upload.key.split('/', 1)[1])}</Key>"
            f"<UploadId>{upload_id}</UploadId></Upload>"
            for upload_id, upload in self.uploads.items()
            if upload.key.startswith(prefix)
        )
        return _xml("ListMultipartUploadsResult", f"<IsTruncated>false</IsTruncated>{found}")


def client_of(endpoint: str, *, attempts: int = 4) -> "S3Client":
    """A boto3 client with the adapters' own configuration."""
    config = client_config(
        read_timeout=20,
        connections=32,
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


def _snake(operation: str) -> str:
    return re.sub(r"(?<=.)([A-Z])", r"_\1", operation).lower()


def _md5(body: Body) -> str:
    return hashlib.md5(body, usedforsecurity=False).hexdigest()


def _headers(stored: Stored) -> dict[str, str]:
    headers = {
        "etag": f'"{stored.etag}"',
        "content-type": stored.content_type or "binary/octet-stream",
    }
    return headers | {f"x-amz-meta-{name}": value for name, value in stored.metadata.items()}


def _xml(root: str, content: str) -> Answer:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<{root}>{content}</{root}>'
    return Answer(body=text.encode(), headers={"content-type": "application/xml"})


def _problem(status: int, code: str) -> Answer:
    answer = _xml("Error", f"<Code>{code}</Code><Message>{code}</Message>")
    answer.status = status
    return answer


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
