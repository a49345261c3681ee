"""Stores an alarm over several metrics under its first one: the emulator rejects metric math.

The emulator evaluates no alarm that a test relies on; tests/template reads the expressions.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any


def install() -> None:
    from ministack.services.cloudformation import provisioners

    handlers = provisioners._RESOURCE_HANDLERS["AWS::CloudWatch::Alarm"]
    for step, properties_at in (("create", 1), ("update", 2)):
        if step in handlers:
            handlers[step] = _by_one_metric(handlers[step], properties_at)


def _by_one_metric(step: Callable[..., Any], properties_at: int) -> Callable[..., Any]:
    @wraps(step)
    def called(*arguments: Any, **named: Any) -> Any:
        given = list(arguments)
        given[properties_at] = plain(given[properties_at])
        return step(*given, **named)

    return called


def plain(properties: dict[str, Any]) -> dict[str, Any]:
    if "Metrics" not in properties:
        return properties
    first = next(q["MetricStat"] for q in properties["Metrics"] if "MetricStat" in q)
    rest = {name: value for name, value in properties.items() if name != "Metrics"}
    return {**rest, **first["Metric"], "Statistic": first["Stat"], "Period": first["Period"]}
