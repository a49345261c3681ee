"""Uploads: sent with their request or posted directly, validated, and used."""

from imagebatch.domain.errors import (
    ConflictError,
    NotFoundError,
    StateConflictError,
    UnavailableError,
)
from imagebatch.domain.uploads import Upload, UploadKind, UploadStatus
from imagebatch.intake.uploads import (
    clean_name,
    detect_content_type,
    unusable_reason,
    validate_body,
)
from imagebatch.ports.clock import Clock
from imagebatch.ports.objects import ObjectStore, PostForm
from imagebatch.ports.telemetry import Telemetry
from imagebatch.ports.uploads import UploadStore
from imagebatch.structs import Struct
from imagebatch.usecases import keys

FORM_SECONDS = 900
CHECK_AGAIN = 2


class CreateUpload(Struct, frozen=True):
    """Repeated with the same ID, both ways return the same upload."""

    store: UploadStore
    media: ObjectStore
    clock: Clock

    def create_inline(
        self, owner: str, upload_id: str, kind: UploadKind, name: str, body: bytes
    ) -> Upload:
        """Stores a file that came with its request, ready at once; UnsupportedTypeError for
        bytes that are not of the kind.
        """
        content_type = detect_content_type(kind, body)
        self.media.put(keys.upload(upload_id), body, content_type)
        return self._create(
            Upload(
                id=upload_id,
                owner=owner,
                kind=kind,
                original_name=clean_name(name),
                content_type=content_type,
                size=len(body),
                created_at=self.clock.now(),
                status=UploadStatus.READY,
            )
        )

    def create_presigned(
        self, owner: str, upload_id: str, kind: UploadKind, name: str, content_type: str, size: int
    ) -> Upload:
        """Record a file that will be posted to the bucket; it is validated when it arrives."""
        return self._create(
            Upload(
                id=upload_id,
                owner=owner,
                kind=kind,
                original_name=clean_name(name),
                content_type=content_type,
                size=size,
                created_at=self.clock.now(),
            )
        )

    def form(self, upload_id: str, content_type: str, size: int) -> PostForm:
        key = keys.incoming(upload_id)
        return self.media.post_form(
            key, content_type=content_type, largest=size, seconds=FORM_SECONDS
        )

    def _create(self, upload: Upload) -> Upload:
        try:
            self.store.create(upload)
        except ConflictError:
            return find_upload(self.store, upload.owner, upload.id)
        return upload


class CheckUpload(Struct, frozen=True):
    """Validate, once, the file that a presigned POST stored: only validated bytes reach the final
    key, and only this service can write there.
    """

    store: UploadStore
    media: ObjectStore
    telemetry: Telemetry

    def __call__(self, key: str) -> dict[str, str]:
        upload_id = key.removeprefix(keys.INCOMING)
        owner = self.store.owner_of(upload_id)
        upload = None if owner is None else self.store.get(owner, upload_id)
        if upload is None or upload.status is not UploadStatus.CHECKING:
            self._delete_unused(upload_id, upload)
            self.media.delete(key)
            return {"ignored": key}
        body = self.media.get(key)
        if body is None:
            return {"ignored": key}
        checked = self._store(upload, body)
        self._settle(checked)
        self.media.delete(key)
        return {"uploadId": checked.id, "status": checked.status.value}

    def _store(self, upload: Upload, body: bytes) -> Upload:
        """Return the record's new contents: those of the first stored file, even if several were
        posted with the same form.
        """
        checked, key = validate_body(upload, body), keys.upload(upload.id)
        if not checked.ready or self.media.put_if_absent(key, body, checked.content_type):
            return checked
        stored = self.media.get(key)
        return checked if stored is None else validate_body(upload, stored)

    def _settle(self, checked: Upload) -> None:
        try:
            self.store.settle(checked)
        except ConflictError:
            # The event was delivered twice and the other delivery was faster, or the upload was
            # deleted.
            self._delete_unused(checked.id, self.store.get(checked.owner, checked.id))
            return
        self.telemetry.log_event(
            "upload checked", upload_id=checked.id, status=checked.status.value
        )

    def _delete_unused(self, upload_id: str, upload: Upload | None) -> None:
        """A file that was stored for an upload which was deleted or rejected meanwhile."""
        if upload is None or upload.status is UploadStatus.REJECTED:
            self.media.delete(keys.upload(upload_id))


class ReadSheet(Struct, frozen=True):
    """The bytes of an uploaded sheet."""

    store: UploadStore
    media: ObjectStore

    def __call__(self, owner: str, upload_id: str) -> bytes:
        """NotFoundError for an ID that is not a CSV of this owner, StateConflictError while it is
        validated and if it was rejected.
        """
        upload = self.store.get(owner, upload_id)
        if upload is None or upload.kind is not UploadKind.CSV:
            raise _not_found()
        if reason := unusable_reason(upload, UploadKind.CSV):
            checking = upload.status is UploadStatus.CHECKING
            raise StateConflictError(
                "upload-not-ready" if checking else "upload-rejected",
                "Upload is still being validated" if checking else "Upload was rejected",
                detail=f"The upload {reason}",
                retry_after=CHECK_AGAIN if checking else None,
            )
        body = self.media.get(keys.upload(upload_id))
        if body is None:
            raise UnavailableError("an upload's object is not there")
        return body


def find_upload(store: UploadStore, owner: str, upload_id: str) -> Upload:
    upload = store.get(owner, upload_id)
    if upload is None:
        raise _not_found()
    return upload


def _not_found() -> NotFoundError:
    return NotFoundError("upload-not-found", "Upload not found", title="Not found")
