"""Send a sheet that is too large for a request's body: as an upload, which the service checks."""

import time
import uuid

import httpx

from imagebatch_cli.errors import InvalidInputError, ProblemError, UnreachableError
from imagebatch_cli.responses import document
from imagebatch_cli.sheet import Document, Sheet
from imagebatch_cli.transport import Transport

CHECK_SECONDS = 120
TIMEOUT = httpx.Timeout(120, connect=10)


class Uploads:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def send(self, sheet: Sheet, key: str | None = None) -> str:
        """Return the upload's ID. Repeating a key never creates a second upload."""
        wanted = {
            "kind": "csv",
            "filename": sheet.name,
            "contentType": sheet.content_type,
            "size": len(sheet.body),
        }
        response = self._transport.send(
            "POST",
            "/api/uploads",
            busy={httpx.codes.CONFLICT},
            headers={"Idempotency-Key": f"{key or uuid.uuid4()}-upload"},
            json=wanted,
        )
        answer = document(response)
        self._post_form(answer["upload"], sheet)
        self._await_check(answer["file"]["id"])
        return str(answer["file"]["id"])

    def _post_form(self, upload: Document, sheet: Sheet) -> None:
        """Post to the storage itself, which must not receive the token."""
        storage = Transport(
            upload["url"],
            None,
            retry_seconds=self._transport.retry_seconds,
            notify=self._transport.notify,
            timeout=TIMEOUT,
        )
        try:
            storage.send(
                "POST",
                upload["url"],
                data=upload["fields"],
                files={"file": (sheet.name, sheet.body, sheet.content_type)},
            )
        except ProblemError as error:
            raise UnreachableError(f"The upload was rejected (HTTP {error.code})") from error
        finally:
            storage.close()

    def _await_check(self, upload_id: str) -> None:
        deadline = time.monotonic() + CHECK_SECONDS
        while time.monotonic() < deadline:
            found = self._find_upload(upload_id)
            if found.get("status") == "rejected":
                reason = found.get("reason") or "it is not a sheet"
                raise InvalidInputError(f"The upload was rejected: {reason}")
            if found and found.get("status") != "checking":
                return
            time.sleep(1)
        raise UnreachableError("The upload was not validated in time; try again.")

    def _find_upload(self, upload_id: str) -> Document:
        """Return its entry among the newest uploads; empty until it is listed."""
        response = self._transport.send("GET", "/api/uploads", params={"kind": "csv", "limit": 100})
        items = document(response).get("items", [])
        return next((item for item in items if item.get("id") == upload_id), {})
