"""Field types that several requests share."""

import re
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
)

from imagebatch.domain.model_choice import MAX_FALLBACKS
from imagebatch.domain.model_entries import RATIO
from imagebatch.domain.model_registry import Quality
from imagebatch.intake.urls import MAX_URL_LENGTH, why_not_callable

CALLBACK_ORIGIN = "callback_origin"


_CONTROLS = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f"


PRINTABLE = rf"^[^{_CONTROLS}]*$"


PRINTABLE_WORDS = rf"^[^{_CONTROLS}]*[^\s\x85{_CONTROLS}][^{_CONTROLS}]*$"


ID = "^[0-9a-f]{32}$"


AMOUNT = re.compile(r"([0-9]{1,6}(\.[0-9]{0,6})?|\.[0-9]{1,6})?", re.ASCII)


HTTPS = "^(https://.+)?$"


def nullable(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def _no_text(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError("must be a JSON object of strings")
    return value


def _sixteen(value: dict[str, str]) -> dict[str, str]:
    if len(value) > 16:
        raise ValueError("must have at most 16 pairs")
    return value


def _callable(value: str | None, info: ValidationInfo) -> str | None:
    origin = (info.context or {}).get(CALLBACK_ORIGIN, "")
    reason = why_not_callable(value, origin) if value else None
    if reason:
        raise ValueError(reason)
    return value or None


def empty_is_absent(value: Any) -> Any:
    return None if isinstance(value, str) and not value.strip() else value


def whole(value: Any) -> Any:
    """Accept 3.0 as 3, because JSON has one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _amount(value: Any) -> Any:
    """An amount in USD such as "2.50": no exponent, no sign, ASCII digits only."""
    if isinstance(value, str) and not AMOUNT.fullmatch(value.strip()):
        raise ValueError("must be an amount in USD, such as 2.50")
    return empty_is_absent(value)


type Metadata = Annotated[
    dict[
        Annotated[str, StringConstraints(min_length=1, max_length=64)],
        Annotated[str, StringConstraints(max_length=512)],
    ],
    BeforeValidator(_no_text),
    AfterValidator(_sixteen),
    Field(json_schema_extra={"maxProperties": 16}),
]


type CallbackUrl = Annotated[
    str | None,
    AfterValidator(_callable),
    WithJsonSchema(nullable({"type": "string", "pattern": HTTPS, "maxLength": MAX_URL_LENGTH})),
]


type MaxCost = Annotated[
    Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=6)] | None,
    BeforeValidator(_amount),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "maximum": 999_999, "multipleOf": 0.000001},
                {"type": "string", "pattern": f"^{AMOUNT.pattern}$"},
                {"type": "null"},
            ]
        }
    ),
]


def _names(value: Any) -> Any:
    return [] if value is None else value


def _is_ratio(value: str | None) -> str | None:
    if value is not None and not RATIO.fullmatch(value):
        raise ValueError("must be a ratio such as 16:9")
    return value


type Fallback = Annotated[
    list[Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]],
    Field(max_length=MAX_FALLBACKS),
    BeforeValidator(_names),
]


type AspectRatio = Annotated[
    str | None,
    AfterValidator(_is_ratio),
    BeforeValidator(empty_is_absent),
    WithJsonSchema(
        {"anyOf": [{"type": "string", "pattern": f"^({RATIO.pattern})?$"}, {"type": "null"}]}
    ),
]


type QualityName = Annotated[Quality | None, BeforeValidator(empty_is_absent)]
