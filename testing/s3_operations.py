"""The operations of S3 that an archive needs, over objects in memory."""

import hashlib
import itertools
import re
import time
from urllib.parse import unquote
from xml.sax.saxutils import escape

from testing.s3_requests import Answer, Body, Request, RequestError, Stored, Upload

MINIMUM_PART = 5 * 1024 * 1024
COPIED_BYTES_A_SECOND = 100_000_000
"""How fast one copy of a part is, where reads take time too."""


class S3Operations:
    def __init__(self, read_latency: float) -> None:
        self.read_latency = read_latency
        self.objects: dict[str, Stored] = {}
        self.uploads: dict[str, Upload] = {}
        self._ids = (f"upload-{n}" for n in itertools.count(1))

    def perform(self, request: Request) -> Answer:
        """RequestError for what S3 refuses."""
        if request.operation == "GetObject" and self.read_latency:
            time.sleep(self.read_latency)
        answer: Answer = getattr(self, f"_{_snake(request.operation)}")(request)
        return answer

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
        etag = md5_of(request.body)
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
        part = Stored([request.body], md5_of(request.body))
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
        part = Stored([body], md5_of(f"{source.etag} {asked[0]}".encode()))
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
        digest = md5_of(b"".join(bytes.fromhex(part.etag) for part in parts))
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


def _snake(operation: str) -> str:
    return re.sub(r"(?<=.)([A-Z])", r"_\1", operation).lower()


def md5_of(body: Body) -> str:
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


def problem_answer(status: int, code: str) -> Answer:
    answer = _xml("Error", f"<Code>{code}</Code><Message>{code}</Message>")
    answer.status = status
    return answer
