"""A request as the stand-in of the imagebatch API received it."""

import io
import json
from dataclasses import dataclass
from typing import Any

import multipart  # type: ignore[import-untyped]


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    at: float

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {name: part.value for name, part in self._parts().items()}

    def file(self, name: str = "file") -> bytes:
        return bytes(self._parts()[name].raw)

    def _parts(self) -> dict[str, Any]:
        _, options = multipart.parse_options_header(self.headers["content-type"])
        parser = multipart.MultipartParser(
            io.BytesIO(self.body),
            options["boundary"],
            memory_limit=2**25,
            buffer_size=2**23,
            spool_limit=2**23,
        )
        return {part.name: part for part in parser}
