"""Applies a function's RecursiveLoop and reserved concurrency from the template, within the quota.

The emulator's CloudFormation ignores both properties. AWS rejects a reservation that leaves fewer
than 100 of the account's concurrency unreserved, and therefore every reservation in an account
whose quota is 10.
"""

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

UNRESERVED = 100


def install() -> None:
    from ministack.services import lambda_svc
    from ministack.services.cloudformation import provisioners

    quota = int(os.environ.get("LAMBDA_ACCOUNT_CONCURRENCY") or 1000)
    put, functions = lambda_svc._put_function_concurrency, lambda_svc._functions

    def reserve(name: str, data: dict[str, Any]) -> Any:
        problem = refusal(
            lambda_svc._functions, name, int(data["ReservedConcurrentExecutions"]), quota
        )
        if problem:
            return lambda_svc.error_response_json("InvalidParameterValueException", problem, 400)
        return put(name, data)

    lambda_svc._put_function_concurrency = reserve
    handlers = provisioners._RESOURCE_HANDLERS["AWS::Lambda::Function"]
    for step, properties_at in (("create", 1), ("update", 2)):
        handlers[step] = _configuring(handlers[step], properties_at, functions, quota)


def refusal(functions: Any, name: str, wanted: int, quota: int) -> str:
    """Return AWS's error for a reservation, or nothing if it is allowed."""
    others = [functions[other].get("concurrency") or 0 for other in functions if other != name]
    least = min(UNRESERVED, quota)
    if not wanted or quota - sum(others) - wanted >= least:
        return ""
    return (
        "Specified ReservedConcurrentExecutions for function decreases account's "
        f"UnreservedConcurrentExecution below its minimum value of [{least}]."
    )


def _configuring(
    step: Callable[..., Any], properties_at: int, functions: Any, quota: int
) -> Callable[..., Any]:
    @wraps(step)
    def configuring(*arguments: Any, **named: Any) -> Any:
        properties = arguments[properties_at]
        made = step(*arguments, **named)
        name = made[0] if isinstance(made, tuple) else made
        reserved = properties.get("ReservedConcurrentExecutions")
        if reserved is not None:
            if problem := refusal(functions, name, int(reserved), quota):
                raise ValueError(problem)
            functions[name]["concurrency"] = int(reserved)
        functions[name]["recursive_loop"] = properties.get("RecursiveLoop", "Terminate")
        return made

    return configuring
