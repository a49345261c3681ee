"""Where each object of a batch lives. Nothing a user typed is part of a key, but in the drop
folder.
"""

import hashlib
import re

from imagebatch.domain.batch import Kind

LIBRARY = "library/"
_IMAGE = re.compile(r"(?:library/([^/]+)|batches/([^/]+)/images)/(\d{6})-[0-9a-f]{16}", re.ASCII)


def source(batch_id: str) -> str:
    return f"batches/{batch_id}/input"


def plan(batch_id: str) -> str:
    return f"batches/{batch_id}/plan.jsonl.gz"


def image(kind: Kind, batch_id: str, index: int, prediction: str) -> str:
    """One key a prediction: whoever collects it, however often, stores the same object.

    What is made for a variant is kept, and lies where no lifecycle rule looks.
    """
    digest = hashlib.sha256(prediction.encode()).hexdigest()[:16]
    folder = f"{LIBRARY}{batch_id}" if kind is Kind.VARIANTS else f"batches/{batch_id}/images"
    return f"{folder}/{index:06d}-{digest}"


def folders_of_batch(batch_id: str) -> tuple[str, ...]:
    """Where all of a batch's objects lie, but those in the outbox. Its archives come first: they
    are what links were given out for.
    """
    return archives(batch_id), f"batches/{batch_id}/", f"{LIBRARY}{batch_id}/"


def archives(batch_id: str) -> str:
    """Where all archives of a batch lie, whatever their round."""
    return f"archives/{batch_id}/"


def images_of_item(batch_id: str, index: int) -> tuple[str, str]:
    """What the keys of all images of an item, and of what lies beside them, start with."""
    return f"{LIBRARY}{batch_id}/{index:06d}-", f"batches/{batch_id}/images/{index:06d}-"


def unfit_image(batch_id: str, index: int, prediction: str) -> str:
    digest = hashlib.sha256(prediction.encode()).hexdigest()[:16]
    return f"batches/{batch_id}/rejected/{index:06d}-{digest}"


def image_place(key: str) -> tuple[str, int] | None:
    """The batch and the index of the item whose image has this key."""
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
    """The id of the upload whose checked bytes have this key."""
    folder, _, upload_id = key.partition("/")
    return upload_id if folder == "uploads" and "/" not in upload_id else None


def incoming(upload_id: str) -> str:
    """Where a direct upload arrives: nothing is used from there until its bytes were checked."""
    return INCOMING + upload_id


def pages(batch_id: str, round_: int, attempt: int) -> str:
    return f"archives/{batch_id}/{round_}-{attempt}.pages.pdf"
