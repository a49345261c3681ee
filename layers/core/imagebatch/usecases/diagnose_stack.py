"""Checks a running stack: each finding states the result, and a fix if there is a problem."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from imagebatch.domain.errors import ProviderAuthError, ProviderError, UnavailableError
from imagebatch.ports.clock import Clock
from imagebatch.ports.provider_account import ProviderAccount
from imagebatch.ports.refusal_log import RefusalLog
from imagebatch.ports.stack_facts import AlarmAddress, StackFacts
from imagebatch.structs import Struct

FINALIZERS_SINCE = timedelta(days=1)
MIN_UNRESERVED = 100
"""AWS rejects reservations that would leave less than this."""
TRY_AGAIN = "Run this again later."


class Health(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"


class Finding(Struct, frozen=True):
    check: str
    health: Health
    message: str
    advice: str = ""


type Check = Callable[[], Sequence[Finding]]


class DiagnoseStack:
    """`accounts` are those of the configured providers; `more` are checks of other parts.

    `reserved` is the concurrency that the stack reserves for its workers and event streams.
    """

    def __init__(
        self,
        accounts: Mapping[str, ProviderAccount],
        refusals: RefusalLog,
        facts: StackFacts,
        clock: Clock,
        *,
        workers: int,
        reserved: int = 0,
        more: Sequence[Check] = (),
    ) -> None:
        self._accounts = accounts
        self._refusals = refusals
        self._facts = facts
        self._clock = clock
        self._workers = workers
        self._reserved = reserved
        self._more = more

    def __call__(self) -> list[Finding]:
        named: list[tuple[str, Check]] = [
            ("provider key", lambda: list(self._keys())),
            ("provider credit", lambda: list(self._credit())),
            ("queues", self._queues),
            ("finalizer", self._finalizer),
            ("alarm address", self._alarm_address),
            ("concurrency", self._concurrency),
        ]
        findings = [finding for name, check in named for finding in _run(name, check)]
        return findings + [finding for check in self._more for finding in check()]

    def _keys(self) -> Iterator[Finding]:
        if not self._accounts:
            text = "No provider is configured: the stack generates placeholders (development mode)."
            yield Finding("provider key", Health.OK, text)
        for provider, account in sorted(self._accounts.items()):
            yield _key(f"{provider} key", account)

    def _credit(self) -> Iterator[Finding]:
        for provider in sorted(self._accounts):
            name, refusal = f"{provider} credit", self._refusals.last(provider)
            if refusal is None:
                yield Finding(
                    name, Health.UNKNOWN, "The provider has not rejected a request so far."
                )
                continue
            when = f"{refusal.at:%Y-%m-%d %H:%M} UTC"
            advice = "Check the account's credit. Replicate allows 6 images a minute below 5 USD."
            yield Finding(name, Health.WARNING, f"{refusal.reason} ({when})", advice)

    def _queues(self) -> list[Finding]:
        depth = self._facts.queue_depth()
        text = (
            f"{depth['visible']} waiting, {depth['inFlight']} in flight, {depth['delayed']} delayed"
        )
        if not depth["deadLetter"]:
            return [Finding("queues", Health.OK, f"{text}, no dead letters.")]
        text = f"{text}, {depth['deadLetter']} dead letters."
        advice = 'See "Redrive dead letters" in docs/operations.md.'
        return [Finding("queues", Health.PROBLEM, text, advice)]

    def _finalizer(self) -> list[Finding]:
        failed = self._facts.failed_finalizers(self._clock.now() - FINALIZERS_SINCE)
        if not failed:
            return [Finding("finalizer", Health.OK, "No archive has failed in the last 24 hours.")]
        text = f"{failed} archives could not be built in the last 24 hours."
        advice = "Read the executions' errors in Step Functions, then retry the failed batches."
        return [Finding("finalizer", Health.PROBLEM, text, advice)]

    def _alarm_address(self) -> list[Finding]:
        match self._facts.alarm_address():
            case AlarmAddress.CONFIRMED:
                health, text, advice = Health.OK, "Confirmed.", ""
            case AlarmAddress.UNCONFIRMED:
                health, text = Health.PROBLEM, "Not confirmed: alarms reach nobody."
                advice = "Open the link in the mail from AWS Notifications."
            case AlarmAddress.NONE:
                health, text = Health.WARNING, "None: alarms reach nobody."
                advice = "Deploy with AlarmEmail=you@example.com."
        return [Finding("alarm address", health, text, advice)]

    def _concurrency(self) -> list[Finding]:
        """A reservation is already deducted from the unreserved concurrency, and is the workers'
        own.
        """
        found = self._facts.concurrency()
        text = f"{self._workers} workers, {self._reserved or 'nothing'} reserved; the account's "
        text += f"quota is {found.limit}, {found.unreserved} of it unreserved."
        if self._reserved or found.unreserved >= self._workers + MIN_UNRESERVED:
            return [Finding("concurrency", Health.OK, text)]
        advice = "Request a higher Lambda concurrency quota from AWS, then deploy again."
        return [Finding("concurrency", Health.WARNING, text, advice)]


def _run(name: str, check: Check) -> Sequence[Finding]:
    """A failing check does not affect the others."""
    try:
        return check()
    except UnavailableError as error:
        return [Finding(name, Health.UNKNOWN, f"Could not be checked: {error}.", TRY_AGAIN)]


def _key(name: str, account: ProviderAccount) -> Finding:
    try:
        account.check()
    except ProviderAuthError as error:
        advice = 'See "Rotate a provider\'s key" in docs/operations.md.'
        return Finding(name, Health.PROBLEM, str(error), advice)
    except ProviderError as error:
        return Finding(name, Health.UNKNOWN, str(error), TRY_AGAIN)
    return Finding(name, Health.OK, "The provider accepts the key.")
