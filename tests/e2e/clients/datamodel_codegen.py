"""A batch of one prompt with the models that datamodel-codegen generated."""

import sys
import time

import httpx
from imagebatch_models import BatchStatusAnswer, PromptBatch, PromptBatchAccepted, PromptItem

with httpx.Client(base_url=sys.argv[1], timeout=60) as client:
    body = PromptBatch(items=[PromptItem(prompt="A red chair")])
    document = body.model_dump(mode="json", by_alias=True, exclude_unset=True)
    sent = client.post("/api/v1/batch/generate", json=document)
    accepted = PromptBatchAccepted.model_validate_json(sent.text)
    while True:
        found = client.get(f"/api/v1/batch/{accepted.batch_id}/status")
        status = BatchStatusAnswer.model_validate_json(found.text)
        if status.finished_at is not None:
            break
        time.sleep(0.2)
    print(status.outcome.value, status.items[0].custom_id)
