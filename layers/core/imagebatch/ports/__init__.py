"""What the core needs from outside, in the product's words. Adapters fulfil it; tests fake it."""

from imagebatch.formats.zip_layout import TextMember
from imagebatch.ports.archive import (
    ArchiveBuilder,
    ArchiveMember,
    BadMembersError,
    BuiltArchive,
    PagesBuilder,
    StoredMember,
)
from imagebatch.ports.idempotency import Claimed, IdempotencyStore, KeyClaim
from imagebatch.ports.library import CatalogStore, LibraryStore, UploadStore
from imagebatch.ports.messages import (
    Busy,
    DispatchQueue,
    Execution,
    Finalizer,
    ItemMessage,
    ItemQueue,
    Receipt,
    Webhooks,
)
from imagebatch.ports.objects import MediaStore, PostForm, StoredObject
from imagebatch.ports.providers import (
    BadImageError,
    ImageInspector,
    ImageProvider,
    ImageRequest,
    Inspected,
    Prediction,
    PredictionStatus,
)
from imagebatch.ports.records import BatchStore, Change, Page
from imagebatch.ports.system import Clock, Ids, Journal, TimeLeft

__all__ = [
    "ArchiveBuilder",
    "ArchiveMember",
    "BadImageError",
    "BadMembersError",
    "BatchStore",
    "BuiltArchive",
    "Busy",
    "CatalogStore",
    "Change",
    "Claimed",
    "Clock",
    "DispatchQueue",
    "Execution",
    "Finalizer",
    "IdempotencyStore",
    "Ids",
    "ImageInspector",
    "ImageProvider",
    "ImageRequest",
    "Inspected",
    "ItemMessage",
    "ItemQueue",
    "Journal",
    "KeyClaim",
    "LibraryStore",
    "MediaStore",
    "Page",
    "PagesBuilder",
    "PostForm",
    "Prediction",
    "PredictionStatus",
    "Receipt",
    "StoredMember",
    "StoredObject",
    "TextMember",
    "TimeLeft",
    "UploadStore",
    "Webhooks",
]
