"""The command line's errors and their exit statuses.

CliError
├── InvalidInputError       3  the command, its file or its options cannot be used
├── ProblemError            3  the service rejected the request (4 if it rejected the credentials)
├── UnreachableError        4  no response, or an unusable one
├── SignInError             4  signing in failed
│   └── SignInExpiredError  4  the sign-in has ended and cannot be renewed
├── InterruptedWaitError  130  Ctrl-C
└── OutputClosedError       141  standard output was closed, as by `| head`
"""

from enum import IntEnum
from typing import Any

import httpx

NOT_ALLOWED = {401, 403}
SIGN_IN = "Sign in with: imagebatch login"
HEADING_KEYS = ("error", "detail", "title", "message")


class ExitStatus(IntEnum):
    OK = 0
    SOME_FAILED = 1
    NONE_SUCCEEDED = 2
    INVALID = 3
    UNREACHABLE = 4
    INTERRUPTED = 130
    OUTPUT_CLOSED = 141


class CliError(Exception):
    """`hint` is one line that says what to do next."""

    exit_status = ExitStatus.INVALID

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.details: list[Any] = []
        self.batch_id: str | None = None
        self.retry_after = 0.0

    def document(self) -> dict[str, Any]:
        """Return what `--json` prints instead of a result."""
        extra = {"hint": self.hint, "details": self.details, "jobId": self.batch_id}
        return {"error": self.message} | {key: value for key, value in extra.items() if value}


class InvalidInputError(CliError):
    pass


class UnreachableError(CliError):
    """`answer_lost`: the request may have been accepted nevertheless."""

    exit_status = ExitStatus.UNREACHABLE
    answer_lost = False


class SignInError(CliError):
    exit_status = ExitStatus.UNREACHABLE


class SignInExpiredError(SignInError):
    def __init__(self) -> None:
        super().__init__("Your sign-in has expired", hint=SIGN_IN)


class InterruptedWaitError(CliError):
    exit_status = ExitStatus.INTERRUPTED


class OutputClosedError(CliError):
    exit_status = ExitStatus.OUTPUT_CLOSED


class ProblemError(CliError):
    """A response of 400 or above: a problem document (RFC 9457), or the gateway's own text."""

    def __init__(self, response: httpx.Response) -> None:
        self.code = response.status_code
        self.problem = _document(response)
        super().__init__(self._heading(response))
        self.detail = str(self.problem.get("detail") or "")
        found = self.problem.get("details")
        self.details = found if isinstance(found, list) else []
        self._explain()

    def _heading(self, response: httpx.Response) -> str:
        for key in HEADING_KEYS:
            if self.problem.get(key):
                return str(self.problem[key])
        return f"The service returned {self.code} {response.reason_phrase}".rstrip()

    def _explain(self) -> None:
        if self.code == httpx.codes.UNAUTHORIZED:
            self.hint = f"{SIGN_IN}, or set IMAGEBATCH_TOKEN to a valid token."
        elif self.code == httpx.codes.FORBIDDEN and not self._is_ours:
            self.hint = "Your account or this token has no access to the service."
        elif self.code == httpx.codes.NOT_FOUND and not self._is_ours:
            self.hint = "There is no imagebatch API at this URL. Check --url or IMAGEBATCH_URL."
        elif self.code >= httpx.codes.INTERNAL_SERVER_ERROR:
            self.hint = "The service reported an error; try again later."

    @property
    def _is_ours(self) -> bool:
        return "error" in self.problem or "title" in self.problem

    @property
    def exit_status(self) -> ExitStatus:  # type: ignore[override]
        elsewhere = self.code == httpx.codes.NOT_FOUND and not self._is_ours
        refused_entry = self.code in NOT_ALLOWED or self.code == httpx.codes.TOO_MANY_REQUESTS
        if refused_entry or elsewhere or self.code >= httpx.codes.INTERNAL_SERVER_ERROR:
            return ExitStatus.UNREACHABLE
        return ExitStatus.INVALID

    def document(self) -> dict[str, Any]:
        return {"status": self.code} | self.problem | super().document()


def _document(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
