"""S3Server's request handling, objects and configured faults."""

import threading
from dataclasses import dataclass, field

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
