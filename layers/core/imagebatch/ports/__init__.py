"""What the core needs from outside, in the product's words. Adapters fulfil it; tests fake it."""

from imagebatch.formats.zip_layout import TextMember
from imagebatch.ports.accounts import AccountStore
from imagebatch.ports.archive import (
    ArchiveBuilder,
    ArchiveMember,
    BadMembersError,
    BuiltArchive,
    Pages,
    PagesBuilder,
    StoredMember,
)
from imagebatch.ports.idempotency import IdempotencyRecord, IdempotencyState, IdempotencyStore
from imagebatch.ports.library import CatalogStore, LibraryStore, UploadStore
from imagebatch.ports.messages import (
    ArrivedObject,
    DispatchQueue,
    Execution,
    Finalizer,
    ItemMessage,
    ItemQueue,
    Receipt,
    RetryLater,
    SendAnew,
    Webhooks,
)
from imagebatch.ports.objects import ObjectStore, PostForm, StoredObject
from imagebatch.ports.outages import BreakerStore, PredictionLedger
from imagebatch.ports.providers import (
    BadImageError,
    ImageProvider,
    ImageRequest,
    ImageValidator,
    Inspected,
    Prediction,
    PredictionStatus,
    Thumbnailer,
    UnfitImageError,
)
from imagebatch.ports.records import BatchStore, Change, ItemChange, Page
from imagebatch.ports.system import Clock, Randomness, Telemetry, TimeLeft
from imagebatch.ports.templates import TemplateStore

__all__ = [
    "AccountStore",
    "ArchiveBuilder",
    "ArchiveMember",
    "ArrivedObject",
    "BadImageError",
    "BadMembersError",
    "BatchStore",
    "BreakerStore",
    "BuiltArchive",
    "CatalogStore",
    "Change",
    "Clock",
    "DispatchQueue",
    "Execution",
    "Finalizer",
    "IdempotencyRecord",
    "IdempotencyState",
    "IdempotencyStore",
    "ImageProvider",
    "ImageRequest",
    "ImageValidator",
    "Inspected",
    "ItemChange",
    "ItemMessage",
    "ItemQueue",
    "LibraryStore",
    "ObjectStore",
    "Page",
    "Pages",
    "PagesBuilder",
    "PostForm",
    "Prediction",
    "PredictionLedger",
    "PredictionStatus",
    "Randomness",
    "Receipt",
    "RetryLater",
    "SendAnew",
    "StoredMember",
    "StoredObject",
    "Telemetry",
    "TemplateStore",
    "TextMember",
    "Thumbnailer",
    "TimeLeft",
    "UnfitImageError",
    "UploadStore",
    "Webhooks",
]
