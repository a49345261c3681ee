"""The archive's provenance.json: the origin, checksum and AI mark of each image."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from imagebatch.domain.batch import Batch
from imagebatch.domain.images import Version
from imagebatch.domain.model_registry import Mode
from imagebatch.domain.provenance import DEVELOPMENT_MODEL
from imagebatch.reports.results import Result, alternate_name

FORMAT_VERSION = 1


def provenance_json(batch: Batch, results: Iterable[Result]) -> bytes:
    """`results` are all of the batch's, including alternates."""
    record = {
        "format": FORMAT_VERSION,
        "batch": {"id": batch.id, "kind": batch.kind.value, "mode": batch.mode.value},
        "images": [entry for result in results for entry in _entries(batch, result)],
    }
    return (json.dumps(record, ensure_ascii=False, indent=1) + "\n").encode(errors="replace")


def _entries(batch: Batch, result: Result) -> Iterator[dict[str, Any]]:
    item = result.item
    for number, version in enumerate(item.all_versions, start=1):
        chosen = number == item.chosen_number
        if version.lost or (chosen and not result.file):
            continue
        name = result.file if chosen else alternate_name(item, number, version.file)
        yield {"file": name, "custom_id": item.custom_id, **_facts(batch, version)}


def _facts(batch: Batch, version: Version) -> dict[str, Any]:
    known = version.image.provenance
    made_by = DEVELOPMENT_MODEL if batch.mode is Mode.DEVELOPMENT else version.model or batch.model
    return {
        "size": version.image.size,
        "sha256": known.sha256 if known else None,
        "model": made_by,
        "prediction": known.prediction if known else None,
        "mark": known.mark.value if known else None,
        "found": known.found.value if known else None,
        "added": bool(known.added) if known else None,
    }
