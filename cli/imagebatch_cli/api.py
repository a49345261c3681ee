"""The imagebatch API calls that this command makes, one method per call."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import quote

import httpx

from imagebatch_cli.errors import InvalidInputError, UnreachableError
from imagebatch_cli.responses import camel_case, document
from imagebatch_cli.sheet import Document, Options, Sheet, as_form
from imagebatch_cli.transport import Transport
from imagebatch_cli.uploads import Uploads

BODY_LIMIT = 4 * 1024 * 1024 - 64 * 1024
"""Larger sheets are sent as an upload: a body has 4 MiB, minus room for the form around it."""
ITEMS_PER_PAGE = 100
PREVIEW_ROWS = 1000
"""The maximum per response to a dry run."""


class Api:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._uploads = Uploads(transport)

    def submit(self, sheet: Sheet, options: Options, key: str) -> Document:
        """Return the body of the 202. Repeating a key never creates a second batch."""
        upload_id = self._uploads.send(sheet, key) if len(sheet.body) > BODY_LIMIT else None
        headers = {"Idempotency-Key": key}
        return self._post_sheet(sheet, upload_id, options.path, options.fields(), headers)

    def preview(self, sheet: Sheet, options: Options, *, whole: bool = False) -> Document:
        """Return a dry run: some rows and every row with a problem, or all rows if `whole`.

        A sheet that needs several requests is uploaded once.
        """
        upload_id = self._uploads.send(sheet) if len(sheet.body) > BODY_LIMIT else None
        fields = options.fields() | ({"limit": PREVIEW_ROWS} if whole else {})
        first = self._post_sheet(sheet, upload_id, options.path, fields, {})
        cursor = first.get("nextCursor")
        if not (whole and cursor):
            return first
        items = first["items"][:PREVIEW_ROWS]
        upload_id = upload_id or self._uploads.send(sheet)
        while cursor:
            at = fields | {"cursor": cursor}
            page = self._post_sheet(sheet, upload_id, options.path, at, {})
            items += page["items"]
            cursor = page.get("nextCursor")
        return first | {"items": items, "nextCursor": None}

    def _post_sheet(
        self,
        sheet: Sheet,
        upload_id: str | None,
        path: str,
        fields: Document,
        headers: dict[str, str],
    ) -> Document:
        request: Document = {"headers": headers}
        if upload_id:
            request["json"] = {"uploadId": upload_id} | fields
        else:
            request["data"] = as_form(fields)
            request["files"] = {"file": (sheet.name, sheet.body, sheet.content_type)}
        # 409: an earlier attempt, whose response was lost, is still in progress.
        return document(self._transport.send("POST", path, busy={httpx.codes.CONFLICT}, **request))

    def submit_prompt_sheet(self, sheet: Sheet, fields: Document, key: str) -> Document:
        """A dry run needs no key."""
        if len(sheet.body) > BODY_LIMIT:
            raise InvalidInputError(
                f"{sheet.name} is larger than 4 MiB", hint="Split it into several files."
            )
        headers = {"Idempotency-Key": key} if key else {}
        answer = self._post_sheet(sheet, None, "/api/v1/batch/generate", fields, headers)
        return camel_case(answer)

    def submit_prompts(self, body: Document, key: str) -> Document:
        return self._create("/api/v1/batch/generate", body, key)

    def submit_variants(self, body: Document, key: str) -> Document:
        return self._create("/api/batches", body, key)

    def _create(self, path: str, body: Document, key: str) -> Document:
        """A dry run needs no key."""
        headers = {"Idempotency-Key": key} if key else {}
        response = self._transport.send(
            "POST", path, busy={httpx.codes.CONFLICT} if key else (), headers=headers, json=body
        )
        return camel_case(document(response))

    def variant_images(self, variant_ids: list[int]) -> dict[int, str]:
        """Return the catalog's image of each variant that has one."""
        path = "/api/batches/image-candidates"
        response = self._transport.send("POST", path, json={"variantIds": variant_ids})
        found = document(response)["variants"]
        return {each["variantId"]: each["variantImageUrl"] or "" for each in found}

    def config(self) -> Document:
        """Return the configuration that clients need before sign-in."""
        return document(self._transport.send("GET", "/config.json"))

    def models(self) -> Document:
        return document(self._transport.send("GET", "/api/models"))

    def check_models(self) -> Document:
        return document(self._transport.send("POST", "/api/models/check"))

    def budget(self, *, owner: str | None = None, scope: str | None = None) -> Document:
        asked = {"owner": owner, "scope": scope}
        params = {name: value for name, value in asked.items() if value}
        return document(self._transport.send("GET", "/api/budget", params=params))

    def doctor(self) -> Document:
        return document(self._transport.send("GET", "/api/doctor"))

    def status(self, batch_id: str) -> Document:
        return document(self._transport.send("GET", f"/api/batch/{_part(batch_id)}"))

    def items(self, batch_id: str) -> Iterator[Document]:
        """Yield every item of a batch, page by page."""
        cursor: str | None = None
        while True:
            params = {"limit": ITEMS_PER_PAGE} | ({"cursor": cursor} if cursor else {})
            path = f"/api/v1/batch/{_part(batch_id)}/status"
            page = camel_case(document(self._transport.send("GET", path, params=params)))
            yield from page.get("items", [])
            cursor = page.get("nextCursor")
            if not cursor:
                return

    def list(self, **filters: str | int | None) -> Document:
        params = {key: value for key, value in filters.items() if value is not None}
        return camel_case(document(self._transport.send("GET", "/api/v1/batch", params=params)))

    def cancel(self, batch_id: str) -> Document:
        path = f"/api/v1/batch/{_part(batch_id)}/cancel"
        return camel_case(document(self._transport.send("POST", path)))

    def delete(self, batch_id: str) -> None:
        self._transport.send("DELETE", f"/api/batches/{_part(batch_id)}")

    def erase(self, owner: str) -> Document:
        return document(self._transport.send("POST", "/api/erase", json={"owner": owner}))

    def erasure(self, erasure_id: str) -> Document:
        return document(self._transport.send("GET", f"/api/erase/{_part(erasure_id)}"))

    def retry(self, batch_id: str, key: str, body: Document | None = None) -> Document:
        return self.open_round(batch_id, "retry", body or {}, key)

    def open_round(self, batch_id: str, action: str, body: Document, key: str) -> Document:
        path = f"/api/batches/{_part(batch_id)}/{action}"
        headers = {"Idempotency-Key": key}
        busy = {httpx.codes.CONFLICT}
        return document(self._transport.send("POST", path, busy=busy, headers=headers, json=body))

    def items_from(self, batch_id: str, start: int, limit: int) -> Sequence[Document]:
        """Return at most `limit` items of the batch, starting at index `start`."""
        params = {"cursor": start, "limit": limit}
        path = f"/api/v1/batch/{_part(batch_id)}/status"
        found = camel_case(document(self._transport.send("GET", path, params=params)))
        return tuple(found["items"])

    def item(self, batch_id: str, custom_id: str) -> Document:
        path = f"/api/v1/batch/{_part(batch_id)}/items/{_part(custom_id)}"
        return camel_case(document(self._transport.send("GET", path)))

    def choose(self, batch_id: str, custom_id: str, version: int) -> Document:
        path = f"/api/v1/batch/{_part(batch_id)}/items/{_part(custom_id)}/choice"
        return camel_case(document(self._transport.send("PUT", path, json={"version": version})))

    def rebuild_archive(self, batch_id: str) -> Document:
        return document(self._transport.send("POST", f"/api/batches/{_part(batch_id)}/archive"))

    def share(self, batch_id: str, hours: int, key: str) -> Document:
        headers = {"Idempotency-Key": key}
        response = self._transport.send(
            "POST",
            f"/api/batches/{_part(batch_id)}/share",
            busy={httpx.codes.CONFLICT},
            headers=headers,
            json={"hours": hours},
        )
        return document(response)

    def shares(self, batch_id: str) -> Document:
        return document(self._transport.send("GET", f"/api/batches/{_part(batch_id)}/share"))

    def revoke_share(self, batch_id: str, share_id: str) -> None:
        path = f"/api/batches/{_part(batch_id)}/share/{_part(share_id)}"
        self._transport.send("DELETE", path)

    def webhooks(self, batch_id: str) -> Document:
        return document(self._transport.send("GET", f"/api/batches/{_part(batch_id)}/webhooks"))

    def replay_webhook(self, batch_id: str, number: int) -> Document:
        path = f"/api/batches/{_part(batch_id)}/webhooks/{number}/replay"
        return document(self._transport.send("POST", path))

    def templates(self) -> Document:
        return document(self._transport.send("GET", "/api/templates"))

    def template(self, name: str) -> Document:
        return document(self._transport.send("GET", f"/api/templates/{_part(name)}"))

    def put_template(self, name: str, body: Document) -> Document:
        return document(self._transport.send("PUT", f"/api/templates/{_part(name)}", json=body))

    def delete_template(self, name: str) -> None:
        self._transport.send("DELETE", f"/api/templates/{_part(name)}")

    def import_variants(self, body: bytes, content_type: str, reading: Document) -> Document:
        response = self._transport.send(
            "PUT",
            "/api/variants",
            content=body,
            headers={"Content-Type": content_type},
            params=reading,
        )
        return document(response)

    def archive_url(self, batch_id: str) -> str:
        """Return a new presigned URL. ProblemError 409 if there is none yet, 410 once it has
        expired.
        """
        path = f"/api/v1/batch/{_part(batch_id)}/download"
        response = self._transport.send("GET", path)
        location = response.headers.get("Location")
        if not location:
            raise UnreachableError("The service returned no download URL.")
        return str(response.url.join(location))

    @contextmanager
    def events(self, batch_id: str, last_event_id: str) -> Iterator[httpx.Response]:
        """Yield one response of the event stream, which resumes after `last_event_id`."""
        headers = {"Accept": "text/event-stream", "Cache-Control": "no-store"}
        if last_event_id:
            headers["Last-Event-ID"] = last_event_id
        path = f"/api/v1/batch/{_part(batch_id)}/progress"
        with self._transport.stream(path, headers) as response:
            yield response


def _part(name: str) -> str:
    """Encode a batch ID or a template name as a path segment."""
    if not name.strip():
        raise InvalidInputError("An ID or a name is required")
    return quote(name.strip(), safe="")
