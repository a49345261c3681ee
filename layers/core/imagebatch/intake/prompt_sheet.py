"""Sheets of prompts: one prompt per row, with the optional columns of any sheet."""

from collections.abc import Sequence

from imagebatch.domain.statuses import Kind
from imagebatch.intake.file_names import safe_stem
from imagebatch.intake.headers import ColumnSet
from imagebatch.intake.prompts import DEFAULT_ASPECT_RATIO, MAX_PROMPT_LENGTH, stem_of_words
from imagebatch.intake.row_checks import RowRules, default_custom_id
from imagebatch.intake.sheet import MEANING_SYNONYMS, REFERENCES
from imagebatch.intake.sheet_batch import Recipe, Values
from imagebatch.intake.templates import Template

PROMPT_COLUMNS = ColumnSet(
    names=("prompt", "custom_id", "aspect_ratio", "seed", *REFERENCES),
    synonyms={**MEANING_SYNONYMS, "file": "reference"},
    weak_synonyms={"id": "custom_id"},
    identifying=("prompt",),
)
_PROMPT = Template("{{prompt}}")


def prompt_recipe(ratios: Sequence[str]) -> Recipe:
    return Recipe(
        kind=Kind.PROMPTS,
        rules=RowRules(
            choices={"aspect_ratio": tuple(ratios)},
            max_length=MAX_PROMPT_LENGTH,
            required=("prompt",),
        ),
        defaults={"aspect_ratio": DEFAULT_ASPECT_RATIO},
        template=lambda _: _PROMPT,
        stem=_stem,
    )


def _stem(values: Values, index: int) -> str:
    """The client's own ID, otherwise the prompt's first words."""
    words = stem_of_words(values.get("prompt", ""))
    return safe_stem(values.get("custom_id", "")) or safe_stem(words) or default_custom_id(index)
