"""A batch of one prompt through the client that openapi-python-client generated."""

import sys
import time

from imagebatch_client import Client
from imagebatch_client.api.batches import get_batch_status
from imagebatch_client.api.prompt_batches import create_prompt_batch
from imagebatch_client.models import PromptBatch, PromptItem

with Client(base_url=sys.argv[1], timeout=60, raise_on_unexpected_status=True) as client:
    body = PromptBatch(items=[PromptItem(prompt="A red chair")])
    accepted = create_prompt_batch.sync(client=client, body=body)
    while (status := get_batch_status.sync(accepted.batch_id, client=client)).finished_at is None:
        time.sleep(0.2)
    print(status.outcome, status.items[0].custom_id)
