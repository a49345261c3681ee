"""A batch of messages is allowed by `sqs:SendMessage`: IAM knows no action for the batch calls."""

from functools import wraps
from typing import Any

SUFFIX = "Batch"
OF_SQS = {"sqs:SendMessageBatch", "sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"}


def install() -> None:
    from ministack.core import iam_actions

    extract = iam_actions.extract_iam_action

    @wraps(extract)
    def known_to_iam(*arguments: Any) -> str | None:
        action: str | None = extract(*arguments)
        return action.removesuffix(SUFFIX) if action in OF_SQS else action

    iam_actions.extract_iam_action = known_to_iam
