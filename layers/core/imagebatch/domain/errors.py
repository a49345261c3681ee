"""All errors of the application.

ImagebatchError
├── RequestError             the request is rejected; nothing was stored
│   ├── InvalidRequestError      malformed
│   │   ├── UnprocessableError       a value that cannot be used
│   │   ├── TooLargeError
│   │   └── UnsupportedTypeError
│   ├── UnauthenticatedError     no verified caller
│   ├── ForbiddenError           not for this caller
│   ├── OverBudgetError          the estimate is over `maxCost` already
│   ├── NotFoundError            unknown, or somebody else's
│   ├── StateConflictError       not in this state
│   │   └── GoneError                gone for good
│   ├── TooManyBatchesError      backpressure
│   └── TooManyRequestsError     the same again too soon
├── LimitReachedError        there is no room for one more; nothing was written
│   └── AccountLimitError        an owner's places, or a month's money, are used up
├── ConflictError            a record changed since it was read: read again and decide again
├── UnreadableRecordError    a record that this version cannot read
├── UnavailableError         a part of ours did not do its work; the same call may work later
├── WebhookDeliveryError     a receiver did not take a webhook; it may the next time
└── ProviderError            what a provider answered, sorted by what must follow
    ├── RateLimitedError         wait as told; no try is used up
    ├── RejectedError            this item will never work
    │   └── ModelUnavailableError    no item will work on this model
    ├── ProviderAuthError        no item will work until somebody acts
    ├── OutputGoneError          a finished image that can no longer be downloaded
    └── ProviderUnavailableError a try is used up; one more may work
        └── UnfitOutputError         no image of the model can be used
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from imagebatch.structs import Struct

REASON_LENGTH = 200
MAX_DETAILS = 1_000
"""In a problem document; `detailsTotal` counts all of them."""


class FailureCode(StrEnum):
    """Why an item failed: the closed list of codes on which clients may switch."""

    CONTENT_REFUSED = "content_refused"
    INVALID_INPUT = "invalid_input"
    PROVIDER_REJECTED = "provider_rejected"
    PROVIDER_RATE_LIMITED = "provider_rate_limited"
    PROVIDER_TIMEOUT = "provider_timeout"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    PROVIDER_AUTH = "provider_auth"
    MODEL_UNAVAILABLE = "model_unavailable"
    INVALID_OUTPUT = "invalid_output"
    BUDGET_EXHAUSTED = "budget_exhausted"
    DEADLINE_EXCEEDED = "deadline_exceeded"
    CRASHED = "crashed"
    INTERNAL = "internal"

    @property
    def retryable(self) -> bool:
        """Whether the same item, unchanged, may succeed in a later round."""
        return self not in _PERMANENT


_PERMANENT = {
    FailureCode.CONTENT_REFUSED,
    FailureCode.INVALID_INPUT,
    FailureCode.PROVIDER_REJECTED,
}


class Failure(Struct, frozen=True):
    """Why one item failed: a machine code and one sentence of at most 200 characters."""

    code: FailureCode
    reason: str

    @classmethod
    def of(cls, code: FailureCode, reason: str) -> "Failure":
        text = " ".join(reason.split()) or code.value
        return cls(code, text if len(text) <= REASON_LENGTH else text[: REASON_LENGTH - 1] + "…")


class ImagebatchError(Exception):
    """The root of the error hierarchy."""


class RequestError(ImagebatchError):
    """A rejected request, with the contents of its problem document (RFC 9457).

    `api/errors.py` maps the class to the HTTP status.

    `kind` is the last part of the problem's `type` and a heading in docs/problems.md; `error` is
    one plain sentence for users; `details` lists the individual problems, if any.
    """

    def __init__(
        self,
        kind: str,
        error: str,
        *,
        title: str | None = None,
        detail: str | None = None,
        details: Sequence[Mapping[str, Any]] = (),
        retry_after: int | None = None,
    ) -> None:
        super().__init__(error)
        self.kind = kind
        self.error = error
        self.title = title or error
        self.detail = detail or error
        self.details = list(details)
        self.retry_after = retry_after


class InvalidRequestError(RequestError):
    """The request is malformed."""


class UnprocessableError(InvalidRequestError):
    """The request can be read, and a value in it cannot be used."""


class TooLargeError(InvalidRequestError):
    """The request or a file is over its limit."""


class UnsupportedTypeError(InvalidRequestError):
    """The content type is not supported."""


class UnauthenticatedError(RequestError):
    """The gateway has not verified the caller."""


class OverBudgetError(RequestError):
    """The estimate is over `maxCost` already."""


class ForbiddenError(RequestError):
    """Not for this caller."""


class NotFoundError(RequestError):
    """Unknown, or somebody else's."""


class StateConflictError(RequestError):
    """Not possible in this state."""


class GoneError(StateConflictError):
    """Gone for good."""


class TooManyBatchesError(RequestError):
    """No room for one more: backpressure."""


class TooManyRequestsError(RequestError):
    """The same again too soon."""


class LimitReachedError(ImagebatchError):
    """The limit is reached: nothing was written."""


class Limit(StrEnum):
    """A limit of an owner or of the stack."""

    ACTIVE_BATCHES = "active_batches"
    OWNER_BUDGET = "owner_budget"
    STACK_BUDGET = "stack_budget"


class AccountLimitError(LimitReachedError):
    """`wanted` on top of `used` would exceed `cap`."""

    def __init__(
        self, limit: Limit, *, cap: Decimal, used: Decimal, wanted: Decimal, month: str
    ) -> None:
        super().__init__(f"{limit}: {wanted} on top of {used} is over {cap}")
        self.limit = limit
        self.cap = cap
        self.used = used
        self.wanted = wanted
        self.month = month


class ConflictError(ImagebatchError):
    """A record has changed since it was read: nothing was written; read and decide again."""


class UnreadableRecordError(ImagebatchError):
    """A stored record that this version cannot read: an unknown status, a missing attribute."""


class UnavailableError(ImagebatchError):
    """A part of the system failed; the same call may succeed later."""


class WebhookDeliveryError(ImagebatchError):
    """A receiver did not accept a webhook, which will be retried."""


class ProviderError(ImagebatchError):
    """A provider's response instead of a prediction."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RateLimitedError(ProviderError):
    """429: nothing was created. `retry_after` is in seconds."""

    def __init__(self, reason: str, retry_after: float) -> None:
        super().__init__(reason)
        self.retry_after = retry_after


class RejectedError(ProviderError):
    """The provider will never generate this image: rejected prompt, invalid input, missing
    model.
    """

    def __init__(self, code: FailureCode, reason: str) -> None:
        super().__init__(reason)
        self.code = code


class ModelUnavailableError(RejectedError):
    """404 or 410 on a create: the provider no longer has the model, so no item can use it."""

    def __init__(self, reason: str) -> None:
        super().__init__(FailureCode.MODEL_UNAVAILABLE, reason)


class ProviderAuthError(ProviderError):
    """401, 402 or an unreadable key: nothing works until an operator fixes it."""


class OutputGoneError(ProviderError):
    """The prediction succeeded, but its output has expired or was deleted: retrying cannot help."""


class ProviderUnavailableError(ProviderError):
    """A network error, a timeout or a 5xx.

    `maybe_billed` is true if the request may have reached the provider and its response was lost,
    so that an image may have been billed that cannot be collected.
    """

    def __init__(
        self,
        reason: str,
        *,
        code: FailureCode = FailureCode.PROVIDER_UNAVAILABLE,
        maybe_billed: bool = False,
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.maybe_billed = maybe_billed


class UnfitOutputError(ProviderUnavailableError):
    """An unusable image, for a reason that applies to every image of its model: it is paid for
    once.

    `body` is the received body, if any.
    """

    def __init__(self, reason: str, body: bytes = b"") -> None:
        super().__init__(reason, code=FailureCode.INVALID_OUTPUT)
        self.body = body
