"""The interfaces that the core needs from outside. Adapters implement them; tests use fakes."""

from imagebatch.formats.zip_layout import TextMember
from imagebatch.ports.accounts import AccountStore
from imagebatch.ports.archive import (
    ArchiveBuilder,
    ArchiveMember,
    BadMembersError,
    BuiltArchive,
    StoredMember,
)
from imagebatch.ports.arrivals import ArrivedObject, SendAnew
from imagebatch.ports.breakers import BreakerStore
from imagebatch.ports.catalog import CatalogStore
from imagebatch.ports.clock import Clock, TimeLeft
from imagebatch.ports.dispatch_queue import DispatchQueue
from imagebatch.ports.finalizer import Execution, Finalizer
from imagebatch.ports.idempotency import IdempotencyRecord, IdempotencyState, IdempotencyStore
from imagebatch.ports.images import BadImageError, ImageValidator, Inspected, UnfitImageError
from imagebatch.ports.item_queue import ItemMessage, ItemQueue, RetryLater
from imagebatch.ports.library import LibraryStore
from imagebatch.ports.objects import ObjectStore, PostForm, StoredObject
from imagebatch.ports.page import Page
from imagebatch.ports.pdf_pages import Pages, PagesBuilder
from imagebatch.ports.prediction_ledger import PredictionLedger
from imagebatch.ports.providers import (
    CreateLookup,
    ImageProvider,
    ImageRequest,
    Prediction,
    PredictionStatus,
)
from imagebatch.ports.randomness import Randomness
from imagebatch.ports.records import BatchStore, Change, ItemChange
from imagebatch.ports.telemetry import Telemetry
from imagebatch.ports.templates import TemplateStore
from imagebatch.ports.thumbnails import Thumbnailer
from imagebatch.ports.uploads import UploadStore
from imagebatch.ports.webhooks import Receipt, Webhooks

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
    "CreateLookup",
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
