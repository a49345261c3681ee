"""What IAM knows and the emulator does not: batches of messages, and the partitions of a request.

A batch of messages is allowed by `sqs:SendMessage`: IAM knows no action for the batch calls. A
condition on `dynamodb:LeadingKeys` compares the partition key, which the emulator tells nobody.

And a policy is parsed once: the emulator parses all of a caller's twice for each request.
"""

import json
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any

SUFFIX = "Batch"
OF_SQS = {"sqs:SendMessageBatch", "sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"}
PARTITION_KEY = "pk"


def install() -> None:
    from ministack.core import iam_actions, iam_evaluator

    extract = iam_actions.extract_iam_action

    @wraps(extract)
    def known_to_iam(*arguments: Any) -> str | None:
        action: str | None = extract(*arguments)
        return action.removesuffix(SUFFIX) if action in OF_SQS else action

    iam_actions.extract_iam_action = known_to_iam
    iam_actions.dynamodb_service_context = _with_partitions(iam_actions.dynamodb_service_context)
    iam_evaluator.parse_policy_document = _once(iam_evaluator.parse_policy_document)


def _with_partitions(context_of: Callable[[bytes], dict[str, Any]]) -> Callable[..., Any]:
    @wraps(context_of)
    def told(body: bytes) -> dict[str, Any]:
        return context_of(body) | leading_keys(body)

    return told


def leading_keys(body: bytes) -> dict[str, list[str]]:
    """Of a request for one record, by its key."""
    try:
        key = json.loads(body)["Key"][PARTITION_KEY]["S"]
    except (ValueError, LookupError, TypeError):
        return {}
    return {"dynamodb:LeadingKeys": [key]}


def _once(parse: Callable[[Any], list[Any]]) -> Callable[[Any], list[Any]]:
    """By its text, so that a changed policy applies at once; what is parsed only gets read."""
    known = lru_cache(maxsize=500)(parse)

    @wraps(parse)
    def parsed(policy: Any) -> list[Any]:
        return [*known(policy)] if isinstance(policy, str) else parse(policy)

    return parsed
