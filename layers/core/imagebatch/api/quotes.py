"""Quotes in the requests that create a batch."""

from imagebatch.api.request import Request
from imagebatch.schemas.requests import BatchOptions
from imagebatch.usecases.submit_batch import Submission


def with_quote(request: Request, submission: Submission, options: BatchOptions) -> Submission:
    """Return the submission at its quote's price, if it has one."""
    if options.dry_run or not options.quote_id:
        return submission
    return request.services.quotes.redeem(options.quote_id, submission)


def check_quote(request: Request, options: BatchOptions) -> None:
    """Reject an expired quote; the response to a repeated request does not depend on it."""
    if options.quote_id:
        request.services.quotes.check_age(options.quote_id)
