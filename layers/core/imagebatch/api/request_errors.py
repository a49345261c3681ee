"""Errors of the HTTP layer."""

from collections.abc import Sequence

from imagebatch.domain.errors import InvalidRequestError, RequestError


class MethodNotAllowedError(RequestError):
    """A route that has other methods."""

    def __init__(self, methods: Sequence[str]) -> None:
        detail = f"Allowed methods: {', '.join(methods)}."
        super().__init__("method-not-allowed", "Method not allowed", detail=detail)
        self.methods = tuple(methods)


class NotAcceptableError(InvalidRequestError):
    """There is no answer in a form that the client takes."""


class ServiceUnavailableError(RequestError):
    """A temporary failure of the service."""

    def __init__(self) -> None:
        super().__init__(
            "unavailable",
            "Service unavailable",
            retry_after=5,
            detail="The service is temporarily unavailable. Retry the request in a few seconds.",
        )


class InternalError(RequestError):
    """An unexpected failure of the service."""

    def __init__(self) -> None:
        super().__init__(
            "internal",
            "Internal error",
            detail="An unexpected error occurred and was logged. Retry the request later.",
        )
