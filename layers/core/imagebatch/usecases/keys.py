"""Where each object of a batch lives. Nothing a user typed is part of a key, but in the drop
folder.
"""

import hashlib


def source(batch_id: str) -> str:
    return f"batches/{batch_id}/input"


def plan(batch_id: str) -> str:
    return f"batches/{batch_id}/plan.jsonl.gz"


def image(batch_id: str, index: int, prediction: str) -> str:
    """One key a prediction: whoever collects it, however often, stores the same object."""
    digest = hashlib.sha256(prediction.encode()).hexdigest()[:16]
    return f"batches/{batch_id}/images/{index:06d}-{digest}"


def archive(batch_id: str, round_: int, attempt: int) -> str:
    return f"archives/{batch_id}/{round_}-{attempt}.zip"


def failed_rows(batch_id: str, round_: int, attempt: int) -> str:
    return f"archives/{batch_id}/{round_}-{attempt}.failed_rows.json"


INCOMING = "uploads/incoming/"


def upload(upload_id: str) -> str:
    return f"uploads/{upload_id}"


def incoming(upload_id: str) -> str:
    """Where a direct upload arrives: nothing is used from there until its bytes were checked."""
    return INCOMING + upload_id


def pages(batch_id: str, round_: int, attempt: int) -> str:
    return f"archives/{batch_id}/{round_}-{attempt}.pages.pdf"
