"""Injects faults between a boto3 client and AWS, through the SDK's own event hooks."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from threading import RLock
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.exceptions import ConnectionClosedError


class Fired:
    """How often a fault occurred, which tests assert."""

    def __init__(self, times: int) -> None:
        self.left = times
        self.count = 0

    def now(self) -> bool:
        if not self.left:
            return False
        self.left -= 1
        self.count += 1
        return True


def event(client: Any, moment: str, operation: str) -> str:
    return f"{moment}.{client.meta.service_model.service_id.hyphenize()}.{operation}"


def refuse(
    client: Any, operation: str, code: str, *, times: int = 1, status: int = 400, **more: Any
) -> Fired:
    """AWS answers the next calls with an error, after the SDK's own retries, and does nothing."""
    fired = Fired(times)
    answer = {
        "Error": {"Code": code, "Message": "injected"},
        "ResponseMetadata": {"HTTPStatusCode": status},
        **more,
    }

    def hook(**_: Any) -> Any:
        return (AWSResponse("", status, HTTPHeaders(), None), answer) if fired.now() else None

    client.meta.events.register_first(event(client, "before-call", operation), hook)
    return fired


def cancel_transaction(client: Any, *codes: str, times: int = 1) -> Fired:
    """A transaction is cancelled for these reasons, one per action."""
    reasons = [{"Code": code} for code in codes]
    return refuse(
        client,
        "TransactWriteItems",
        "TransactionCanceledException",
        times=times,
        CancellationReasons=reasons,
    )


class _Raw:
    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, *_: Any, **__: Any) -> Any:
        yield self._body


def lose_answer(client: Any, operation: str, answer: Mapping[str, Any] | None = None) -> Fired:
    """The next request is executed and its response lost.

    moto ignores ClientRequestToken, so it is implemented here: the SDK's own retry of the request
    gets AWS's response without executing it twice.
    """
    fired, seen = Fired(1), set[str]()

    def repeat(request: Any, **_: Any) -> AWSResponse | None:
        if token_of(request) not in seen:
            return None
        body = json.dumps(answer or {}).encode()
        return AWSResponse(request.url, 200, HTTPHeaders(), _Raw(body))

    def lose(request: Any, **_: Any) -> None:
        if fired.now():
            seen.add(token_of(request))
            raise ConnectionClosedError(endpoint_url=request.url)

    name = event(client, "before-send", operation)
    client.meta.events.register_first(name, repeat)
    client.meta.events.register_last(name, lose)
    return fired


def token_of(request: Any) -> str:
    return str(json.loads(request.body).get("ClientRequestToken"))


def leave_out(client: Any, operation: str, refused: Callable[[Any], bool], *, times: int) -> Fired:
    """A batch call accepts only some entries and returns `Failed` for those in `refused`."""
    fired = Fired(times)
    failed: list[str] = []

    def drop(params: Any, **_: Any) -> None:
        failed.clear()
        if any(refused(entry) for entry in params["Entries"]) and fired.now():
            failed.extend(e["Id"] for e in params["Entries"] if refused(e))
            params["Entries"] = [e for e in params["Entries"] if not refused(e)]

    def answer_for_none(params: Any, **_: Any) -> Any:
        left = json.loads(params["body"])["Entries"]
        return None if left else (AWSResponse("", 200, HTTPHeaders(), None), {})

    def report(parsed: Any, **_: Any) -> None:
        if failed:
            entries = [{"Id": i, "Code": "InternalError", "SenderFault": False} for i in failed]
            parsed["Failed"] = entries

    client.meta.events.register(event(client, "before-parameter-build", operation), drop)
    client.meta.events.register_first(event(client, "before-call", operation), answer_for_none)
    client.meta.events.register(event(client, "after-call", operation), report)
    return fired


def leave_unprocessed(client: Any, *, times: int) -> Fired:
    """BatchWriteItem writes only the first half of its records and returns the others."""
    fired = Fired(times)
    left: dict[str, Any] = {}

    def drop(params: Any, **_: Any) -> None:
        left.clear()
        if fired.now():
            [(table, requests)] = params["RequestItems"].items()
            half = (len(requests) + 1) // 2
            left[table] = requests[half:] or requests
            params["RequestItems"] = {table: requests[:half]}

    def report(parsed: Any, **_: Any) -> None:
        parsed["UnprocessedItems"] = dict(left)

    client.meta.events.register(event(client, "before-parameter-build", "BatchWriteItem"), drop)
    client.meta.events.register(event(client, "after-call", "BatchWriteItem"), report)
    return fired


def one_at_a_time(client: Any) -> None:
    """Serializes a client's calls: moto's rollback of a failed transaction would undo other
    writes.
    """
    lock = RLock()

    def acquire(**_: Any) -> None:
        lock.acquire()

    def release(**_: Any) -> None:
        lock.release()

    client.meta.events.register_first(event(client, "before-call", "*"), acquire)
    client.meta.events.register_last(event(client, "after-call", "*"), release)
    client.meta.events.register_last(event(client, "after-call-error", "*"), release)


class Killed(BaseException):
    """Not an `Exception`, because no handler of the product runs when its process dies."""


@contextmanager
def kill_at(clients: Sequence[Any], call: int, moment: str) -> Iterator[None]:
    """The process dies at its `call`th call: "before-call" or "after-call"."""
    made = 0

    def count(**_: Any) -> None:
        nonlocal made
        made += 1
        if made >= call:
            raise Killed

    def stay_dead(**_: Any) -> None:
        """Its other threads make no further calls either."""
        if made >= call:
            raise Killed

    hooks = [("before-call", stay_dead), (moment, count)]
    for client in clients:
        for name, hook in hooks:
            client.meta.events.register_first(name, hook)
    try:
        yield
    finally:
        for client in clients:
            for name, hook in hooks:
                client.meta.events.unregister(name, hook)
