"""The table's keys: a single-table design with the text attributes `pk` and `sk`.

BATCH#owner#id    BATCH                    the batch's state
                  BATCH#ERRORS             the batch's first errors
                  BATCH#SPEC               the batch as submitted
                  ITEM#000041              an item's spec, written once
                  ITEM#000041#STATE        the item's state, written from its first claim on
                  CHANGE#000000000133      a numbered change
                  WEBHOOK#000001#000001    the delivery of a round's webhook
                  ROUND#0001#00000         up to 500 entries of a round's dispatch list
                  ROUND#0001#LENGTH        the list's length, written with its last entries
                  SHARE#id                 a link that shows the batch
                  SHARES                   the number of links ever created
BATCHID#id        OWNER                    the owner of a batch
SHARE#id          SHARE                    the link, found by its ID
OWNER#owner       BATCH#createdAt#id       an entry of the owner's list of batches
UNFINISHED        owner#id                 a batch that is not finished
DELETIONS         owner#id                 a deleted batch with data that may not all be removed
ERASING           owner                    the job that erases the owner's data
ERASE#id          JOB                      an erasure's progress and receipt
PLACES            owner                    the owner's number of unfinished batches
LEDGER#mode#month OWNER#owner              the owner's reserved and spent amounts in a month
                  STACK                    the same amounts of all owners
KEY#owner         sha256 of the key        an idempotency key
NAME#name         NAME                     a name in the outbox
UPLOAD#id         OWNER                    an upload's owner and creation time
UPLOADS#owner     UPLOAD#createdAt#id      the upload
TEMPLATES#owner   NAME#name                a sheet template
                  COUNT                    the owner's number of templates
CATALOG#owner     VARIANT#variant          a variant of the catalog
                  PRODUCT#product#variant  the variant, ordered by product
LIBRARY#owner#variant
                  IMAGE#settledAt#id#000041  an image of the variant
                  FOLDER#createdAt#id      the variant's folder in a batch
FOLDER#owner#id   FOLDER                   a batch's folders
                  IMAGE#000041             an image in one of them
PROVIDER#replicate REFUSAL                 the provider's last refusal for lack of credit or rate
                  BREAKER#model            the circuit breaker of a model
PREDICTION#replicate#id
                  HOLDER                   the item and the create that own the prediction
WATCHERS#owner    PLACES                   the owner's open live-progress connections
MODELS            CHECKS                   the result of the last check of the models
"""

import hashlib
from datetime import datetime
from urllib.parse import quote

from imagebatch.adapters.codec import time_text

type Key = tuple[str, str]
"""(pk, sk)"""

UNFINISHED, PLACES = "UNFINISHED", "PLACES"
MODEL_CHECKS: Key = ("MODELS", "CHECKS")
DELETIONS, ERASING = "DELETIONS", "ERASING"
BATCH_SORT, ERRORS_SORT, SPEC_SORT = "BATCH", "BATCH#ERRORS", "BATCH#SPEC"
STATE = "#STATE"
LAST_ITEM = 999_999
LAST_CHANGE = 10**12 - 1
ENTRIES_A_CHUNK = 500
"""Entries of a dispatch list in one record."""
_MAX_PART_LENGTH = 250
"""Keeps every key below DynamoDB's limits: 2,048 bytes for `pk`, 1,024 for `sk`."""


def part(text: str) -> str:
    """Encode text so that it contains no `#`, which separates the parts of a key.

    Longer text becomes `=` and its digest; percent-encoded text never starts with `=`.
    """
    quoted = quote(text, safe="", errors="surrogatepass")
    return quoted if len(quoted) <= _MAX_PART_LENGTH else "=" + digest(text)


def digest(text: str) -> str:
    """Return the SHA-256 in lower-case hexadecimal; lone surrogates are accepted."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def batch_partition(owner: str, batch_id: str) -> str:
    return f"BATCH#{part(owner)}#{part(batch_id)}"


def batch(owner: str, batch_id: str) -> Key:
    return batch_partition(owner, batch_id), BATCH_SORT


def batch_owner(batch_id: str) -> Key:
    return f"BATCHID#{part(batch_id)}", "OWNER"


def batch_parts(owner: str, batch_id: str) -> tuple[Key, Key, Key]:
    """Return the keys of the state, the errors and the spec."""
    partition = batch_partition(owner, batch_id)
    return (partition, BATCH_SORT), (partition, ERRORS_SORT), (partition, SPEC_SORT)


def item_sort(index: int) -> str:
    return f"ITEM#{index:06d}"


def state_sort(index: int) -> str:
    return item_sort(index) + STATE


def item_parts(owner: str, batch_id: str, index: int) -> tuple[Key, Key]:
    """Return the keys of the spec and the state."""
    partition = batch_partition(owner, batch_id)
    return (partition, item_sort(index)), (partition, state_sort(index))


CHANGE, DELIVERY = "CHANGE#", "WEBHOOK#"


def change_sort(seq: int) -> str:
    return f"{CHANGE}{seq:012d}"


def delivery_sort(round_: int, attempt: int) -> str:
    return f"{DELIVERY}{round_:06d}#{attempt:06d}"


def chunk_sort(round_: int, chunk: int) -> str:
    return f"ROUND#{round_:04d}#{chunk:05d}"


def length_sort(round_: int) -> str:
    return f"ROUND#{round_:04d}#LENGTH"


SHARES_FIRST, SHARES_LAST = "SHARE#", "SHARE#~"
"""The bounds of a query for a batch's links: `~` sorts after every character of an ID."""


def share_count(owner: str, batch_id: str) -> Key:
    return batch_partition(owner, batch_id), "SHARES"


def share(share_id: str) -> Key:
    return f"SHARE#{part(share_id)}", "SHARE"


def share_of_sort(sort: str) -> Key:
    """Return the key of `share`, given the link's sort key in its batch's partition."""
    return sort, "SHARE"


def share_of_batch(owner: str, batch_id: str, share_id: str) -> Key:
    return batch_partition(owner, batch_id), f"SHARE#{part(share_id)}"


def listing_partition(owner: str) -> str:
    return f"OWNER#{part(owner)}"


def listing_sort(created_at: datetime, batch_id: str) -> str:
    return f"BATCH#{time_sort(created_at)}#{part(batch_id)}"


def time_sort(time: datetime) -> str:
    """Format with a fixed width, truncated to milliseconds: text order is then time order."""
    return time_text(time.replace(microsecond=time.microsecond // 1000 * 1000))


def unfinished(owner: str, batch_id: str) -> Key:
    return UNFINISHED, f"{part(owner)}#{part(batch_id)}"


def deletion(owner: str, batch_id: str) -> Key:
    return DELETIONS, f"{part(owner)}#{part(batch_id)}"


def erasing(owner: str) -> Key:
    return ERASING, part(owner)


def erasure(erasure_id: str) -> Key:
    return f"ERASE#{part(erasure_id)}", "JOB"


def idempotency_partition(owner: str) -> str:
    return f"KEY#{part(owner)}"


def places(owner: str) -> Key:
    return PLACES, part(owner)


def watchers(owner: str) -> Key:
    return f"WATCHERS#{part(owner)}", "PLACES"


def ledger_partition(mode: str, month: str) -> str:
    return f"LEDGER#{mode}#{month}"


def ledger(mode: str, month: str, owner: str | None) -> Key:
    """`month` is `2026-01`, in UTC; an owner of None is the whole stack."""
    return ledger_partition(mode, month), "STACK" if owner is None else f"OWNER#{part(owner)}"


def idempotency(owner: str, key: str) -> Key:
    return idempotency_partition(owner), digest(key)


def name(name: str) -> Key:
    return f"NAME#{part(name)}", "NAME"


def provider_refusal(provider: str) -> Key:
    return f"PROVIDER#{part(provider)}", "REFUSAL"


def circuit_breaker(provider: str, model: str) -> Key:
    return f"PROVIDER#{part(provider)}", f"BREAKER#{part(model)}"


def prediction_holder(provider: str, prediction_id: str) -> Key:
    return f"PREDICTION#{part(provider)}#{part(prediction_id)}", "HOLDER"


def upload_owner(upload_id: str) -> Key:
    return f"UPLOAD#{part(upload_id)}", "OWNER"


def uploads_partition(owner: str) -> str:
    return f"UPLOADS#{part(owner)}"


def upload_sort(created_at: str, upload_id: str) -> str:
    """`created_at` is the text of `time_sort`."""
    return f"UPLOAD#{created_at}#{part(upload_id)}"


def catalog_partition(owner: str) -> str:
    return f"CATALOG#{part(owner)}"


def variant_sort(variant_id: int) -> str:
    return f"VARIANT#{variant_id:016d}"


def product_sort(product_id: int, variant_id: int) -> str:
    return f"PRODUCT#{product_id:016d}#{variant_id:016d}"


def library_partition(owner: str, variant_id: int) -> str:
    return f"LIBRARY#{part(owner)}#{variant_id}"


def library_image_sort(created_at: datetime, batch_id: str, index: int) -> str:
    return f"IMAGE#{time_text(created_at)}#{part(batch_id)}#{index:06d}"


def library_folder_sort(created_at: datetime, batch_id: str) -> str:
    return f"FOLDER#{time_text(created_at)}#{part(batch_id)}"


def folder_partition(owner: str, batch_id: str) -> str:
    return f"FOLDER#{part(owner)}#{part(batch_id)}"


def folder(owner: str, batch_id: str) -> Key:
    return folder_partition(owner, batch_id), "FOLDER"


def folder_image(owner: str, batch_id: str, index: int) -> Key:
    return folder_partition(owner, batch_id), f"IMAGE#{index:06d}"


TEMPLATES_FIRST, TEMPLATES_LAST = "NAME#", "NAME#~"


def template_partition(owner: str) -> str:
    return f"TEMPLATES#{part(owner)}"


def template(owner: str, name: str) -> Key:
    return template_partition(owner), f"NAME#{part(name)}"


def template_count(owner: str) -> Key:
    return template_partition(owner), "COUNT"
