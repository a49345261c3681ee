"""The keys of a batch's objects. No user input is part of a key, except in the drop folder."""

import hashlib
import re

from imagebatch.domain.statuses import Kind

LIBRARY = "library/"
S3_PREFIX = "s3:"
"""Marks a reference image as an object in our bucket, to be presigned for each use."""
_IMAGE = re.compile(r"(?:library/([^/]+)|batches/([^/]+)/images)/(\d{6})-[0-9a-f]{16}", re.ASCII)


def source(batch_id: str) -> str:
    return f"batches/{batch_id}/input"


def plan(batch_id: str) -> str:
    return f"batches/{batch_id}/plan.jsonl.gz"


def image(kind: Kind, batch_id: str, index: int, prediction: str) -> str:
    """Return the key of a prediction's image: collecting it repeatedly stores the same object.

    Images of a variant have a prefix without a lifecycle rule, because they are kept.
    """
    digest = hashlib.sha256(prediction.encode()).hexdigest()[:16]
    folder = f"{LIBRARY}{batch_id}" if kind is Kind.VARIANTS else f"batches/{batch_id}/images"
    return f"{folder}/{index:06d}-{digest}"


def folders_of_batch(batch_id: str) -> tuple[str, ...]:
    """The folders of all of a batch's objects, except those in the outbox.

    Archives come first, because links to them were given out.
    """
    return archives(batch_id), f"batches/{batch_id}/", f"{LIBRARY}{batch_id}/"


def archives(batch_id: str) -> str:
    """The folder of all archives of a batch, in every round."""
    return f"archives/{batch_id}/"


def images_of_item(batch_id: str, index: int) -> tuple[str, str]:
    """The common prefix of the keys of all images of an item, and of their sidecar objects."""
    return f"{LIBRARY}{batch_id}/{index:06d}-", f"batches/{batch_id}/images/{index:06d}-"


def unfit_image(batch_id: str, index: int, prediction: str) -> str:
    digest = hashlib.sha256(prediction.encode()).hexdigest()[:16]
    return f"batches/{batch_id}/rejected/{index:06d}-{digest}"


def image_place(key: str) -> tuple[str, int] | None:
    """Return the batch and index of the item whose image has this key."""
    match = _IMAGE.fullmatch(key)
    return (match[1] or match[2], int(match[3])) if match else None


def archive(batch_id: str, round_: int, attempt: int) -> str:
    return f"archives/{batch_id}/{round_}-{attempt}.zip"


def failed_rows(batch_id: str, round_: int, attempt: int, form: str = "json") -> str:
    return f"archives/{batch_id}/{round_}-{attempt}.failed_rows.{form}"


INCOMING = "uploads/incoming/"


def upload(upload_id: str) -> str:
    return f"uploads/{upload_id}"


def upload_of(key: str) -> str | None:
    """Return the ID of the upload whose validated bytes have this key."""
    folder, _, upload_id = key.partition("/")
    return upload_id if folder == "uploads" and "/" not in upload_id else None


def incoming(upload_id: str) -> str:
    """Where a direct upload arrives: it is not used until its bytes have been validated."""
    return INCOMING + upload_id


def pages(batch_id: str, round_: int, attempt: int) -> str:
    return f"archives/{batch_id}/{round_}-{attempt}.pages.pdf"
