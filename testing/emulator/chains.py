"""Recursive-loop detection through SQS.

The emulator counts the hops of nested invocations but loses the count at a queue. On AWS, the SDK
passes the chain on with each message, and Lambda stops a function that was invoked 16 times in one
chain, unless it sets `RecursiveLoop: Allow`.
"""

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import wraps
from typing import Any

KEY = "imagebatch_chain"
"""Where a message stores the chain in which it was sent."""


class Chains:
    """How often each function was invoked in a chain, by the chain's ID.

    A chain is immutable: each invocation starts a chain that is longer by one.
    """

    def __init__(self) -> None:
        self._invocations: dict[int, Counter[str]] = {0: Counter()}
        self._ids = itertools.count(1)

    def extend(self, chain: int, function: str) -> tuple[int, int]:
        """Return the longer chain's ID, and how often the function is in it."""
        invocations = self.invocations(chain)
        invocations[function] += 1
        longer = next(self._ids)
        self._invocations[longer] = invocations
        return longer, invocations[function]

    def invocations(self, chain: int) -> Counter[str]:
        return Counter(self._invocations.get(chain, {}))


class _OfTheInvocation:
    """Replaces the emulator's own hop counter, which its executors pass to the function."""

    def __init__(self, current: ContextVar[int]) -> None:
        self._current = current

    def get(self) -> int:
        return self._current.get()

    def set(self, _hops: int) -> None:
        """The guard has already set the chain."""


def install() -> None:
    from ministack.services import lambda_svc, sqs

    chains = Chains()
    current: ContextVar[int] = ContextVar("chain", default=0)
    sender: ContextVar[int] = ContextVar("sender", default=0)
    refuse = lambda_svc._recursive_loop_drop

    def guard(name: str, function: dict[str, Any], hops: int) -> Any:
        chain, count = chains.extend(hops - 1, name)
        current.set(chain)
        return refuse(name, function, count)

    lambda_svc._invoke_depth = _OfTheInvocation(current)
    lambda_svc._recursive_loop_drop = guard
    lambda_svc._run_sqs_batch = _guarded(lambda_svc, chains, guard)
    sqs._build_send_sys_attrs = _marked(sqs._build_send_sys_attrs, sender)
    sqs.handle_request = _remembering(sqs.handle_request, lambda_svc._inbound_invoke_depth, sender)


def _guarded(lambda_svc: Any, chains: Chains, guard: Callable[..., Any]) -> Callable[..., None]:
    run = lambda_svc._run_sqs_batch

    @wraps(run)
    def guarded(mapping: dict[str, Any], record: Any, event: Any, batch: Any, *queue: Any) -> None:
        name = record["config"]["FunctionName"]
        sent_in = [message["sys"].get(KEY, 0) for message in batch]
        longest = max(sent_in, key=lambda chain: chains.invocations(chain)[name])
        if guard(name, lambda_svc._functions[name], longest + 1) is None:
            run(mapping, record, event, batch, *queue)
        else:
            # Not deleted: it is redelivered after its visibility timeout, until it is a dead
            # letter.
            mapping["LastProcessingResult"] = "FAILED"

    return guarded


def _marked(build: Callable[..., dict[str, Any]], sender: ContextVar[int]) -> Callable[..., Any]:
    @wraps(build)
    def marked(*arguments: Any) -> dict[str, Any]:
        return {**build(*arguments), KEY: sender.get()}

    return marked


def _remembering(
    handle: Callable[..., Any], chain_of: Callable[..., int], sender: ContextVar[int]
) -> Callable[..., Any]:
    @wraps(handle)
    async def remembering(
        method: str, path: str, headers: Mapping[str, str], *more: Any
    ) -> tuple[Any, ...]:
        sender.set(chain_of(headers))
        answer: tuple[Any, ...] = await handle(method, path, headers, *more)
        return answer

    return remembering
