"""What the core needs from outside, in the product's words. Adapters fulfil it; tests fake it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from imagebatch.domain.batch import Batch, BatchStatus, Counts, Item, Kind
from imagebatch.domain.catalog import Variant
from imagebatch.domain.errors import Failure
from imagebatch.domain.library import Folder, LibraryImage
from imagebatch.domain.uploads import Upload, UploadKind
from imagebatch.domain.ziplayout import TextMember as TextMember  # noqa: PLC0414 - exported

type TimeLeft = Callable[[], float]
"""Seconds until the running invocation is stopped from outside."""


class Clock(Protocol):
    def now(self) -> datetime:
        """The time in UTC, in whole milliseconds, as the records keep it."""
        ...

    def sleep(self, seconds: float) -> None: ...


class Ids(Protocol):
    def new(self) -> str:
        """An identifier nobody can guess, safe in a URL, a key and an execution's name."""
        ...

    def jitter(self) -> float:
        """A number in [0, 1)."""
        ...


# --- records -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """One numbered change of a batch, as a watcher needs it; `item` is None for the batch's own."""

    seq: int
    at: datetime
    status: BatchStatus
    counts: Counts
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class Page[T]:
    items: Sequence[T]
    cursor: str | None = None


class BatchStore(Protocol):
    """The records. Every read is consistent; every write is conditional and all or nothing."""

    def create(self, batch: Batch) -> None:
        """Stores a new batch. MovedError when the id is taken."""
        ...

    def get(self, owner: str, batch_id: str) -> Batch | None: ...

    def get_item(self, owner: str, batch_id: str, index: int) -> Item | None: ...

    def items(
        self, owner: str, batch_id: str, *, start: int = 0, limit: int | None = None
    ) -> Iterator[Item]:
        """The items from index `start`, in order; at most `limit` of them."""
        ...

    def add_items(self, owner: str, batch_id: str, items: Sequence[Item]) -> None:
        """Stores items that are not there yet. MovedError when the batch itself is gone."""
        ...

    def commit(self, batch: Batch, item: Item | None = None) -> tuple[Batch, Item | None]:
        """Writes both as the next change after the state they were derived from, and records a
        Change.

        Returns them with the new `seq` and `rev`. MovedError when either record is no longer at the
        `seq` or `rev` it carries; then nothing was written. What the item has made for a variant is
        in the library (LibraryStore) with the same write, and what it lost is not.
        """
        ...

    def save_item(self, owner: str, batch_id: str, item: Item) -> Item:
        """Writes an item whose batch does not change with it. MovedError as in `commit`."""
        ...

    def put_round(self, owner: str, batch_id: str, round_: int, indices: Sequence[int]) -> None:
        """Stores the round's dispatch list, whole to a reader or not at all; a stored one stays."""
        ...

    def round_list(self, owner: str, batch_id: str, round_: int) -> Sequence[int] | None:
        """The whole dispatch list; None while it is not complete."""
        ...

    def round_entry(self, owner: str, batch_id: str, round_: int, position: int) -> int | None:
        """The item index at `position` (0-based) of the round's list; None past its end."""
        ...

    def changes(self, owner: str, batch_id: str, after: int, limit: int) -> Sequence[Change]:
        """Changes with a number above `after`, in order."""
        ...

    def list_batches(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        kind: Kind | None = None,
        keep: Callable[[Batch], bool] = lambda _: True,
    ) -> Page[Batch]:
        """The owner's batches, newest first. InvalidRequestError for a cursor that is not ours."""
        ...

    def unfinished(self, owner: str | None = None) -> Iterator[tuple[str, str]]:
        """(owner, batch id) of every batch that is not finished, of one owner or of all."""
        ...

    def claim_name(self, name: str, batch_id: str, until: datetime) -> bool:
        """Reserves a name in the drop folder's outbox; true when it is this batch's."""
        ...


class CatalogStore(Protocol):
    """The owner's product variants. Every read is consistent."""

    def upsert(self, owner: str, variants: Sequence[Variant]) -> int:
        """Stores all, each whole or not at all; returns how many were not there before.

        MovedError when others kept changing the same ones; what was stored by then stays.
        """
        ...

    def get_many(self, owner: str, variant_ids: Sequence[int]) -> Mapping[int, Variant]:
        """Those that are there."""
        ...

    def list_variants(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        keep: Callable[[Variant], bool] = lambda _: True,
    ) -> Page[Variant]:
        """By product id, then variant id. InvalidRequestError for a cursor that is not ours."""
        ...


class LibraryStore(Protocol):
    """What was made for variants, kept for ever. BatchStore.commit writes the images."""

    def open(self, owner: str, folder: Folder) -> None:
        """Stores a batch's folders; again it is the same."""
        ...

    def folder(self, owner: str, batch_id: str) -> Folder | None: ...

    def folders_of(
        self, owner: str, variant_id: int, *, limit: int, cursor: str | None = None
    ) -> Page[Folder]:
        """The batches with a folder of the variant's, newest first, each with that folder alone.

        InvalidRequestError for a cursor that is not ours.
        """
        ...

    def images_of(self, owner: str, variant_id: int, limit: int) -> Sequence[LibraryImage]:
        """The variant's newest images, newest first, in one query."""
        ...

    def images_in(
        self, owner: str, batch_id: str, *, first: int, last: int, limit: int
    ) -> Sequence[LibraryImage]:
        """The images of the batch's items from `first` to `last`, in their order."""
        ...

    def get_images(
        self, owner: str, places: Sequence[tuple[str, int]]
    ) -> Mapping[tuple[str, int], LibraryImage]:
        """Those that are there, by batch and index."""
        ...


class Claimed(StrEnum):
    """What an idempotency key turned out to be."""

    NEW = "new"
    DONE = "done"
    BUSY = "busy"
    OTHER_CONTENT = "other_content"


@dataclass(frozen=True, slots=True)
class KeyClaim:
    """`subject` is the id to create under: the same one again when an earlier try died half way."""

    state: Claimed
    subject: str
    answer: Mapping[str, Any] | None = None


class IdempotencyStore(Protocol):
    def claim(
        self, owner: str, key: str, content: str, subject: str, now: datetime, busy_until: datetime
    ) -> KeyClaim: ...

    def answer(self, owner: str, key: str, answer: Mapping[str, Any], until: datetime) -> None: ...

    def release(self, owner: str, key: str) -> None:
        """Forgets a key whose request was refused."""
        ...


class UploadStore(Protocol):
    """The records of uploads. Every read is consistent."""

    def create(self, upload: Upload) -> None:
        """Stores a new upload. MovedError when the id is taken."""
        ...

    def settle(self, upload: Upload) -> None:
        """Writes over an upload that is being checked. MovedError when it was settled, or is
        gone.
        """
        ...

    def get(self, owner: str, upload_id: str) -> Upload | None: ...

    def get_many(self, owner: str, upload_ids: Sequence[str]) -> Mapping[str, Upload]:
        """Those of them that are this owner's, by id, however many."""
        ...

    def owner_of(self, upload_id: str) -> str | None:
        """Whose upload an object belongs to that has arrived in the bucket."""
        ...

    def list_uploads(
        self,
        owner: str,
        *,
        limit: int,
        cursor: str | None = None,
        kind: UploadKind | None = None,
        keep: Callable[[Upload], bool] = lambda _: True,
    ) -> Page[Upload]:
        """The owner's uploads, newest first. InvalidRequestError for a cursor that is not ours."""
        ...


# --- objects -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredObject:
    key: str
    size: int
    etag: str
    content_type: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PostForm:
    """Where a browser posts a file to, and the fields it sends before the file."""

    url: str
    fields: Mapping[str, str]


class MediaStore(Protocol):
    """Objects by key. Failures of the store itself raise UnavailableError."""

    def put(
        self,
        key: str,
        body: bytes,
        content_type: str,
        *,
        metadata: Mapping[str, str] | None = None,
    ) -> StoredObject: ...

    def get(self, key: str) -> bytes | None: ...

    def head(self, key: str) -> StoredObject | None: ...

    def copy(self, source: str, target: str) -> None:
        """FileNotFoundError when there is no `source`."""
        ...

    def delete(self, key: str) -> None: ...

    def url(self, key: str, *, seconds: int, filename: str | None = None) -> str:
        """A presigned GET; `filename` is what a browser saves it as, shown inline without."""
        ...

    def key_of(self, url: str) -> str | None:
        """The key a URL of `url` names, expired or not; None for an address that is not ours."""
        ...

    def post_form(self, key: str, *, content_type: str, largest: int, seconds: int) -> PostForm:
        """A presigned POST of this one key; the store itself refuses another type, and more than
        `largest` bytes or none.
        """
        ...


# --- messages ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ItemMessage:
    """One item to make in one round; `position` is its place in the round's dispatch list."""

    owner: str
    batch_id: str
    round: int
    position: int
    index: int


@dataclass(frozen=True, slots=True)
class Busy:
    """Another delivery is at work on the item until then: come back, do not acknowledge."""

    until: datetime


class ItemQueue(Protocol):
    def send(self, messages: Sequence[ItemMessage], *, delay: float = 0) -> None:
        """Sends all, or raises UnavailableError (some may have been sent). `delay` in seconds."""
        ...


class DispatchQueue(Protocol):
    def send(self, owner: str, batch_id: str, round_: int) -> None: ...


class Execution(StrEnum):
    UNKNOWN = "unknown"
    """Never started, as far as anybody knows."""
    RUNNING = "running"
    ENDED = "ended"


class Finalizer(Protocol):
    def start(self, owner: str, batch_id: str, round_: int, attempt: int) -> None:
        """Starts building the archive; started before is as good."""
        ...

    def state(self, batch_id: str, round_: int, attempt: int) -> Execution:
        """What became of that execution."""
        ...


# --- providers -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """`model` is the provider's own name for it, `input` in the model's own words."""

    model: str
    input: Mapping[str, Any]
    prompt: str
    aspect_ratio: str | None = None


class PredictionStatus(StrEnum):
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Prediction:
    """`output` is a URL or a data URI of the image; `failure` says why there is none.

    `try_again` marks a failure that one more prediction may cure.
    """

    id: str
    status: PredictionStatus
    output: str | None = None
    failure: Failure | None = None
    try_again: bool = False


class ImageProvider(Protocol):
    """One image provider. Every call may raise the ProviderError family and ends within its own
    time-out.
    """

    def create(self, request: ImageRequest) -> Prediction:
        """Starts a prediction and returns without waiting for it."""
        ...

    def get(self, prediction_id: str, request: ImageRequest) -> Prediction: ...

    def cancel(self, prediction_id: str, request: ImageRequest) -> None:
        """Asks the provider to stop; one that has ended already stays as it is."""
        ...

    def fetch(self, prediction: Prediction, request: ImageRequest) -> bytes:
        """The image's bytes. ProviderUnavailableError when they cannot be had now, OutputGoneError
        never.
        """
        ...


class ImageInspector(Protocol):
    def inspect(self, body: bytes, aspect_ratio: str | None) -> "Inspected":
        """Decodes the image whole. BadImageError when it is not one that was asked for."""
        ...


@dataclass(frozen=True, slots=True)
class Inspected:
    content_type: str
    extension: str
    width: int
    height: int


class Journal(Protocol):
    """What operators are told: logs and metrics."""

    def submitted(self, batch: Batch, warnings: Sequence[str]) -> None: ...

    def settled(self, batch: Batch, item: Item) -> None: ...

    def archived(self, batch: Batch, seconds: float) -> None: ...

    def notified(self, batch_id: str, message_id: str, receipt: "Receipt | None") -> None:
        """What became of a webhook in the end; None when no try was answered well."""
        ...

    def note(self, event: str, **facts: Any) -> None: ...


class BadImageError(Exception):
    """Not an image, truncated, blank, or of another aspect ratio; the text says which."""


# --- webhooks ------------------------------------------------------------------------------------


class Receipt(StrEnum):
    """How a webhook ended for good."""

    DELIVERED = "delivered"
    GONE = "gone"
    """The receiver wants no more of them."""
    REFUSED = "refused"
    """The address is none that we call."""


class Webhooks(Protocol):
    """Signed POSTs to addresses that clients gave: Standard Webhooks."""

    def post(self, url: str, message_id: str, body: Mapping[str, Any]) -> Receipt:
        """One try, bounded in time. UndeliveredError when a later one may be answered better.

        `message_id` is the same in every try, so that a receiver knows what it has seen.
        """
        ...


# --- archive -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StoredMember:
    """A file of the archive that is a stored object, and what was recorded when it was made."""

    name: str
    key: str
    size: int
    crc32: int
    etag: str


type ArchiveMember = TextMember | StoredMember


@dataclass(frozen=True, slots=True)
class BuiltArchive:
    key: str
    size: int
    entries: int


class ArchiveBuilder(Protocol):
    def build(
        self, key: str, members: Sequence[ArchiveMember], *, modified: datetime
    ) -> BuiltArchive:
        """Stores the members as a ZIP, in their order, each dated `modified`.

        It is seen whole or not at all. The same arguments make the same bytes; built before, it is
        found, and a build that was killed is carried on. BadMembersError when objects are not what
        was recorded, UnavailableError when the store fails; then nothing is left behind.
        """
        ...

    def discard(self, key: str) -> None:
        """Removes what a build that was killed has left of an unfinished archive."""
        ...


class PagesBuilder(Protocol):
    """A PDF with an image a page, in order and without loss."""

    def build(self, key: str, images: Sequence[StoredMember]) -> None:
        """Stores the PDF, seen whole or not at all. BadMembersError and UnavailableError as in
        `ArchiveBuilder`.
        """
        ...

    def find(self, key: str, images: Sequence[StoredMember]) -> StoredMember | None:
        """The PDF as a file of the archive; None unless it was made of exactly these images."""
        ...

    def discard(self, key: str) -> None: ...


class BadMembersError(Exception):
    """Stored objects are gone, were overwritten or are damaged; `reasons` has one for each name."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__("; ".join(f"{name}: {reason}" for name, reason in reasons.items()))
        self.reasons = dict(reasons)
