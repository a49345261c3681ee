"""From a finished prediction to a stored, validated image."""

import zlib
from collections.abc import Mapping

from imagebatch.domain.batch import Batch
from imagebatch.domain.errors import (
    FailureCode,
    OutputGoneError,
    ProviderUnavailableError,
    UnavailableError,
    UnfitOutputError,
)
from imagebatch.domain.images import Image, thumbnail_key
from imagebatch.domain.item import Item
from imagebatch.domain.model_registry import ImageModel, Mode
from imagebatch.domain.provenance import Mark, Provenance
from imagebatch.domain.rehearsal import Rehearsal, parse_fate
from imagebatch.domain.round_input import round_input, round_prompt
from imagebatch.formats.file_kind import image_type
from imagebatch.ports.clock import Clock
from imagebatch.ports.images import ImageValidator, UnfitImageError
from imagebatch.ports.objects import ObjectStore
from imagebatch.ports.providers import (
    CreateLookup,
    ImageProvider,
    ImageRequest,
    Prediction,
    PredictionStatus,
)
from imagebatch.ports.telemetry import Telemetry
from imagebatch.ports.thumbnails import Thumbnailer
from imagebatch.retries import attempts
from imagebatch.structs import Struct, replace
from imagebatch.usecases import keys
from imagebatch.usecases.mark_image import MarkImage, unmarked
from imagebatch.usecases.poll_schedule import PollSchedule

THUMBNAIL_TYPE = "image/webp"
UNKNOWN_TYPE = "application/octet-stream"
FETCHES = 2
"""How often one delivery tries a download before it leaves that to a later one."""
FETCH_PAUSE = 0.5
REFERENCE_SECONDS = 900


class ProviderGateway(Struct, frozen=True):
    """The provider of a batch, and the requests to it.

    An adapter raises only ProviderErrors for a provider's responses. Any other exception is an
    internal error: the delivery fails and is retried, and the provider is not blamed.
    """

    providers: Mapping[str, ImageProvider]
    media: ObjectStore
    pace: PollSchedule
    telemetry: Telemetry
    development_seconds: float = 2.0

    def create(self, batch: Batch, item: Item) -> Prediction:
        return self._provider(batch, item).create(self.request(batch, item))

    def find_created(self, batch: Batch, item: Item) -> CreateLookup:
        since = item.state.create_started_at or batch.created_at
        return self._provider(batch, item).find_created(self.request(batch, item), since)

    def look(self, batch: Batch, item: Item) -> Prediction:
        return self._provider(batch, item).get(
            item.state.prediction or "", self.request(batch, item)
        )

    def cancel(self, batch: Batch, item: Item, prediction_id: str) -> None:
        self._provider(batch, item).cancel(prediction_id, self.request(batch, item))

    def fetch(self, batch: Batch, item: Item, prediction: Prediction) -> bytes:
        return self._provider(batch, item).fetch(prediction, self.request(batch, item))

    def next_poll_delay(self, batch: Batch, item: Item, waited: float) -> float:
        """Return the seconds until the next poll of a prediction that has run for `waited`
        seconds.
        """
        if batch.mode is Mode.DEVELOPMENT:
            return self.pace.next_poll_delay(batch.mode, self.development_seconds, waited)
        entry = _entry(batch, item)
        return self.pace.next_poll_delay(entry.id, entry.typical_seconds, waited)

    def observe(self, batch: Batch, item: Item, prediction: Prediction) -> None:
        if prediction.status is PredictionStatus.SUCCEEDED and prediction.seconds is not None:
            development = batch.mode is Mode.DEVELOPMENT
            model = batch.mode if development else _entry(batch, item).id
            self.pace.observe(model, prediction.seconds)

    def breaker(self, batch: Batch, model: str) -> tuple[str, str]:
        """Return the provider used for a model of the batch, and the model."""
        if batch.mode is Mode.DEVELOPMENT:
            return "development", model
        return (batch.entry_of(model) or batch.entry).provider, model

    def request(self, batch: Batch, item: Item) -> ImageRequest:
        model = _entry(batch, item)
        values = dict(round_input(batch, item, model))
        if item.images and "images" in model.fields:
            urls = [self._reference(image) for image in item.images]
            values[model.fields["images"]] = urls if model.images_as_list else urls[0]
        name = model.upstream_for(images=bool(item.images))
        rehearsal = _rehearsal(batch, item)
        return ImageRequest(name, values, round_prompt(item), item.aspect_ratio, rehearsal)

    def _reference(self, image: str) -> str:
        if not image.startswith(keys.S3_PREFIX):
            return image
        return self.media.url(image.removeprefix(keys.S3_PREFIX), seconds=REFERENCE_SECONDS)

    def _provider(self, batch: Batch, item: Item) -> ImageProvider:
        return self.providers[self.breaker(batch, item.model)[0]]


def _entry(batch: Batch, item: Item) -> ImageModel:
    """Return the entry of the model that the item uses."""
    return batch.entry_of(item.model) or batch.entry


def _rehearsal(batch: Batch, item: Item) -> Rehearsal | None:
    """Only in the first round of a batch in development mode."""
    fate = parse_fate(item.fate)
    if fate is None or batch.mode is not Mode.DEVELOPMENT or batch.round > 1:
        return None
    return Rehearsal(fate, item.state.round_attempts, batch.round_started_at or batch.created_at)


class CollectImage(Struct, frozen=True):
    gateway: ProviderGateway
    validator: ImageValidator
    thumbnailer: Thumbnailer
    mark: MarkImage
    media: ObjectStore
    clock: Clock

    def __call__(self, batch: Batch, item: Item, prediction: Prediction) -> tuple[Image, str]:
        """Download, validate, mark and store the image; return it with its file extension.

        BadImageError if it is not the requested image, UnfitOutputError if no image of its model
        can be, ProviderUnavailableError if it is not available.
        """
        body = self._download(batch, item, prediction)
        try:
            seen = self.validator.validate(body, item.aspect_ratio)
        except UnfitImageError as error:
            raise UnfitOutputError(str(error), body) from error
        body, provenance = self._mark(batch, item, prediction.id, body)
        key = keys.image(batch.kind, batch.id, item.index, prediction.id)
        thumbnail = self._store_thumbnail(batch, item, key, body)
        image = Image(
            key,
            seen.content_type,
            len(body),
            zlib.crc32(body),
            "",
            seen.width,
            seen.height,
            thumbnail or None,
            provenance,
        )
        facts = {
            "crc32": str(image.crc32),
            "width": str(image.width),
            "height": str(image.height),
            "extension": seen.extension,
            "thumbnail": "yes" if thumbnail else "no",
            "sha256": provenance.sha256,
            "mark-found": provenance.found,
            "mark-added": "yes" if provenance.added else "no",
        }
        stored = self.media.put(key, body, seen.content_type, metadata=facts)
        return replace(image, etag=stored.etag), seen.extension

    def keep_unfit(self, batch: Batch, item: Item, body: bytes) -> Image | None:
        """Store an unusable image for inspection."""
        if not body:
            return None
        key = keys.unfit_image(batch.id, item.index, item.state.prediction or "")
        kind = image_type(body) or UNKNOWN_TYPE
        stored = self.media.put(key, body, kind)
        return Image(key, kind, len(body), zlib.crc32(body), stored.etag, 0, 0)

    def already_stored(self, batch: Batch, item: Item) -> tuple[Image, str] | None:
        """Return the image that an earlier delivery stored but could not settle, with its
        validation result.
        """
        key = keys.image(batch.kind, batch.id, item.index, item.state.prediction or "")
        found = self.media.head(key)
        if found is None:
            return None
        facts = found.metadata
        image = Image(
            found.key,
            found.content_type,
            found.size,
            int(facts["crc32"]),
            found.etag,
            int(facts["width"]),
            int(facts["height"]),
            facts.get("thumbnail") == "yes" or None,
            _provenance(item, facts),
        )
        return image, facts["extension"]

    def _mark(
        self, batch: Batch, item: Item, prediction: str, body: bytes
    ) -> tuple[bytes, Provenance]:
        """A failure to mark does not fail the image."""
        try:
            return self.mark(batch, item, prediction, body)
        except Exception as error:  # noqa: BLE001 - image libraries raise anything at a picture
            self._note("image not marked", batch, item, error)
            return body, unmarked(prediction, body)

    def _store_thumbnail(self, batch: Batch, item: Item, key: str, body: bytes) -> bool:
        """Stored before the image, whose metadata says whether there is one; a failure is
        ignored.
        """
        try:
            thumbnail = self.thumbnailer.draw(body)
        except Exception as error:  # noqa: BLE001 - image libraries raise anything at a picture
            self._note("thumbnail failed", batch, item, error)
            return False
        try:
            self.media.put(thumbnail_key(key), thumbnail, THUMBNAIL_TYPE)
        except UnavailableError as error:
            self._note("thumbnail failed", batch, item, error)
            return False
        return True

    def _note(self, event: str, batch: Batch, item: Item, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}"[:500]
        self.gateway.telemetry.log_event(event, batch_id=batch.id, index=item.index, reason=reason)

    def _download(self, batch: Batch, item: Item, prediction: Prediction) -> bytes:
        for number in attempts(
            FETCHES,
            first=FETCH_PAUSE,
            longest=FETCH_PAUSE,
            sleep=self.clock.sleep,
            jitter=lambda: 1,
        ):
            try:
                return self.gateway.fetch(batch, item, prediction)
            except UnfitOutputError:
                raise
            except ProviderUnavailableError as error:
                if error.code is FailureCode.INVALID_OUTPUT:
                    raise OutputGoneError(error.reason) from error
                if number == FETCHES - 1:
                    raise
        raise AssertionError("unreachable")


def _provenance(item: Item, facts: Mapping[str, str]) -> Provenance | None:
    """Return it as recorded with the stored object; older objects have none."""
    if "sha256" not in facts:
        return None
    return Provenance(
        facts["sha256"],
        item.state.prediction or "",
        Mark(facts["mark-found"]),
        facts["mark-added"] == "yes" or None,
    )
