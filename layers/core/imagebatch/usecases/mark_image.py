"""Marks an image as AI-generated, before it is measured and stored (EU AI Act, Article 50)."""

import hashlib

from imagebatch.domain.batch import Batch
from imagebatch.domain.item import Item
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.provenance import DEVELOPMENT_MODEL, Mark, Provenance
from imagebatch.domain.round_input import round_prompt
from imagebatch.formats.image_parts import UnknownStructureError
from imagebatch.formats.image_xmp import (
    CannotMarkError,
    has_c2pa,
    may_have_c2pa,
    read_xmp,
    write_xmp,
)
from imagebatch.formats.xmp import (
    Property,
    Statements,
    UnreadablePacketError,
    merged_packet,
    new_packet,
)
from imagebatch.ports.telemetry import Telemetry
from imagebatch.structs import Struct, replace

IPTC = ("http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "Iptc4xmpExt")
XMP = ("http://ns.adobe.com/xap/1.0/", "xmp")
NAMESPACE = ("https://imagebatch.dev/ns/1.0/", "imagebatch")
SOURCE_TYPE = Property(*IPTC, "DigitalSourceType")
AI_SYSTEM = Property(*IPTC, "AISystemUsed")
AI_PROMPT = Property(*IPTC, "AIPromptInformation")
METADATA_DATE = Property(*XMP, "MetadataDate")
BATCH_ID, ITEM_ID = Property(*NAMESPACE, "batchId"), Property(*NAMESPACE, "itemId")
CREATED_AT = Property(*NAMESPACE, "createdAt")
TRAINED = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
TRAINED_WORD = b"/trainedAlgorithmicMedia"
"""How every spelling of that term's URL ends."""
REMOTE_MANIFEST = b"dcterms:provenance"
"""An XMP packet that refers to an external C2PA manifest, which a change of the file would
break.
"""


class MarkImage(Struct, frozen=True):
    """`enabled` is the parameter MarkImages, `with_prompts` MarkPrompts."""

    telemetry: Telemetry
    enabled: bool = True
    with_prompts: bool = False

    def __call__(
        self, batch: Batch, item: Item, prediction: str, body: bytes
    ) -> tuple[bytes, Provenance]:
        """Return the file to store; unchanged if it cannot be marked safely.

        The same prediction always gives the same bytes.
        """
        found = find_mark(body)
        marked = self._marked(batch, item, body) if self.enabled else body
        known = replace(unmarked(prediction, marked), found=found)
        return marked, replace(known, added=True) if marked is not body else known

    def _marked(self, batch: Batch, item: Item, body: bytes) -> bytes:
        try:
            return with_statements(body, self._statements(batch, item))
        except (CannotMarkError, UnknownStructureError, UnreadablePacketError) as error:
            self.telemetry.log_event(
                "image not marked", batch_id=batch.id, index=item.index, reason=str(error)
            )
            return body

    def _statements(self, batch: Batch, item: Item) -> Statements:
        at = item.state.create_started_at or item.state.started_at or batch.created_at
        made = at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        prompt = {AI_PROMPT: round_prompt(item)} if self.with_prompts else {}
        return {
            SOURCE_TYPE: TRAINED,
            AI_SYSTEM: model_of(batch, item),
            **prompt,
            METADATA_DATE: made,
            BATCH_ID: batch.id,
            ITEM_ID: item.custom_id,
            CREATED_AT: made,
        }


def unmarked(prediction: str, body: bytes) -> Provenance:
    """For a file whose mark could not be checked."""
    return Provenance(hashlib.sha256(body).hexdigest(), prediction)


def model_of(batch: Batch, item: Item) -> str:
    if batch.mode is Mode.DEVELOPMENT:
        return DEVELOPMENT_MODEL
    return item.model or batch.model


def find_mark(body: bytes) -> Mark:
    """Return the file's own mark; none if the file does not have its format's structure."""
    try:
        if has_c2pa(body):
            return Mark.C2PA
        packet = read_xmp(body)
    except UnknownStructureError:
        return Mark.NONE
    return Mark.XMP if packet is not None and TRAINED_WORD in packet else Mark.NONE


def with_statements(body: bytes, statements: Statements) -> bytes:
    """CannotMarkError, UnknownStructureError, UnreadablePacketError."""
    if may_have_c2pa(body) or has_c2pa(body):
        return body
    packet = read_xmp(body)
    if packet is None:
        return write_xmp(body, new_packet(statements))
    if REMOTE_MANIFEST in packet:
        raise CannotMarkError("its C2PA manifest is stored elsewhere")
    return write_xmp(body, merged_packet(packet, statements))
