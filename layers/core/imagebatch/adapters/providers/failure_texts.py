"""Classifies a provider's failure text by the rules of data/failure_texts.toml."""

import re
from functools import cache
from typing import NamedTuple

from imagebatch.data import data_text
from imagebatch.domain.errors import FailureCode

MAX_TEXT = 4_000
_CODES = {
    "refused": FailureCode.CONTENT_REFUSED,
    "timeout": FailureCode.PROVIDER_TIMEOUT,
    "passing": FailureCode.PROVIDER_UNAVAILABLE,
}


class Meaning(NamedTuple):
    code: FailureCode
    try_again: bool


UNKNOWN = Meaning(FailureCode.PROVIDER_REJECTED, try_again=True)
"""A failed prediction is not billed, so one more attempt costs nothing."""


def classify(text: str) -> Meaning:
    """Use the first rule that matches the text."""
    for pattern, code in _rules():
        if pattern.search(text[:MAX_TEXT]):
            return Meaning(code, try_again=code.retryable)
    return UNKNOWN


@cache
def _rules() -> tuple[tuple[re.Pattern[str], FailureCode], ...]:
    import tomllib

    data = tomllib.loads(data_text("failure_texts.toml"))
    return tuple(
        (re.compile(rule["pattern"], re.IGNORECASE), _CODES[rule["meaning"]])
        for rule in data["rules"]
    )
