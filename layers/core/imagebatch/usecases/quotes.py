"""Quotes: the result of a dry run, held only by the client, valid for 15 minutes."""

import hashlib
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from imagebatch.domain.errors import StateConflictError
from imagebatch.ports.clock import Clock
from imagebatch.ports.signing import Signer
from imagebatch.structs import Struct, replace
from imagebatch.usecases.submit_batch import Submission

LIFE = timedelta(minutes=15)
PURPOSE = "quote"
_QUOTE = re.compile(r"(\d{10})_(\d{1,9}(?:\.\d{1,24})?)_([\w-]{43})", re.ASCII)


class Quotes(Struct, frozen=True):
    signer: Signer
    clock: Clock

    def issue(self, submission: Submission) -> str:
        """Return the quote's ID: its expiry, the price, and a signature over both and the
        content.
        """
        ends = str(int((self.clock.now() + LIFE).timestamp()))
        price = f"{submission.estimated:f}"
        return f"{ends}_{price}_{self.signer.sign(PURPOSE, *_signed(submission, ends, price))}"

    def redeem(self, quote_id: str, submission: Submission) -> Submission:
        """Return the submission with the quoted price as its maximum cost, unless its own is lower.

        StateConflictError if content or price differ. `check_age` is separate, because a request
        repeated with its Idempotency-Key gets the first response at any time.
        """
        found = _QUOTE.fullmatch(quote_id)
        if not found or not self.signer.is_signed(
            found[3], PURPOSE, *_signed(submission, found[1], found[2])
        ):
            raise _mismatch("The quote is for other rows, another model or another owner. ")
        price = Decimal(found[2])
        if price != submission.estimated:
            raise _mismatch(
                f"The batch was quoted at {price} USD and now costs {submission.estimated} USD. "
            )
        cap = price if submission.max_cost is None else min(price, submission.max_cost)
        return replace(submission, max_cost=cap)

    def check_age(self, quote_id: str) -> None:
        found = _QUOTE.fullmatch(quote_id)
        if found and self.clock.now() >= datetime.fromtimestamp(int(found[1]), UTC):
            raise _mismatch("The quote has expired. ")


def _signed(submission: Submission, ends: str, price: str) -> tuple[str, ...]:
    return submission.owner, content_digest(submission), ends, price


def content_digest(submission: Submission) -> str:
    """Digest everything that determines the images, but not their description."""
    plan = submission.plan
    digest = hashlib.sha256()
    models = [model.id for model in submission.models]
    digest.update(repr((plan.kind.value, models, submission.quality.value)).encode())
    for item in plan.items:
        made = (item.custom_id, item.row, item.prompt, item.stem, item.aspect_ratio, item.images)
        settings = sorted(item.settings.items())
        digest.update(repr((made, settings, item.failure is None)).encode(errors="replace"))
    return digest.hexdigest()


def _mismatch(what: str) -> StateConflictError:
    return StateConflictError(
        "quote-mismatch",
        "The quote does not hold",
        detail=f"{what}Repeat the dry run to get a new quote.",
    )
