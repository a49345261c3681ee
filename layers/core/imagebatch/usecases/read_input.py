"""Reads a batch's input, as long as it is kept."""

from imagebatch.domain.batch_manifest import BatchManifest, decode_manifest
from imagebatch.domain.errors import GoneError
from imagebatch.ports.objects import ObjectStore
from imagebatch.structs import Struct
from imagebatch.usecases import keys
from imagebatch.usecases.records import BatchRepository


class ReadInput(Struct, frozen=True):
    records: BatchRepository
    media: ObjectStore

    def __call__(self, owner: str, batch_id: str) -> BatchManifest:
        """NotFoundError for an unknown batch, GoneError once its input was deleted."""
        batch = self.records.batch(owner, batch_id)
        body = self.media.get(keys.plan(batch.id))
        if body is None:
            raise GoneError(
                "expired",
                "Input has expired",
                detail="The rows of this batch were deleted when its retention ended.",
            )
        return decode_manifest(body)
