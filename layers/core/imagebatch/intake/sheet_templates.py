"""An owner's templates: validation, and the items of a sheet."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.domain.statuses import Kind
from imagebatch.formats.visible_text import folded_name
from imagebatch.intake.field_problems import FieldProblem, invalid_fields
from imagebatch.intake.file_names import safe_stem
from imagebatch.intake.headers import ColumnSet, column_label, nearest_column
from imagebatch.intake.prompts import stem_of_words
from imagebatch.intake.row_checks import RowRules
from imagebatch.intake.sheet import MEANING_SYNONYMS, REFERENCES
from imagebatch.intake.sheet_batch import Recipe, Values
from imagebatch.intake.templates import Template
from imagebatch.structs import Struct, asdict, field

NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
RESERVED = "car-"
BUILT_IN = ("car-white", "car-hub")
MAX_TEMPLATES = 100
MAX_TEMPLATE_CHARACTERS = 8_000
MAX_VALUE = 4_000
MEANINGS = ("custom_id", "aspect_ratio", "seed", *REFERENCES)
DEFAULT_RATIO = "1:1"


class ColumnRule(Struct, frozen=True):
    """`required` None follows the prompt: a column outside its own section is required."""

    required: bool | None = None
    default: str = ""
    one_of: tuple[str, ...] = ()
    max_length: int | None = None


class SheetTemplate(Struct, frozen=True, kw_only=True):
    """`columns` are by folded name."""

    name: str
    prompt: str
    file_name: str = ""
    columns: Mapping[str, ColumnRule] = field(default_factory=dict)
    model: str | None = None
    aspect_ratio: str | None = None
    quality: str | None = None
    fallback: tuple[str, ...] = ()
    updated_at: datetime | None = None


def check_template(template: SheetTemplate) -> None:
    """UnprocessableError that lists what is wrong with it."""
    if problems := [*_malformed_texts(template), *_excluded_defaults(template)]:
        raise invalid_fields(problems)


def _malformed_texts(template: SheetTemplate) -> Iterator[FieldProblem]:
    for name, text in (("prompt", template.prompt), ("fileName", template.file_name)):
        try:
            Template(text)
        except ValueError:
            yield FieldProblem(name, _NOT_WELL_FORMED)


def _excluded_defaults(template: SheetTemplate) -> Iterator[FieldProblem]:
    for name, rule in template.columns.items():
        if rule.default and rule.one_of and rule.default not in rule.one_of:
            yield FieldProblem(f"columns.{name}.default", "must be one of oneOf")


_NOT_WELL_FORMED = "is not a template: write {{column}} or {{#column}}…{{/column}}"


def columns_of(template: SheetTemplate) -> ColumnSet:
    """Return the expected columns. A name in the template is never treated as a synonym."""
    names = dict.fromkeys((*_names(template), *template.columns, *MEANINGS))
    own = {folded_name(name) for name in names}
    return ColumnSet(
        names=tuple(names),
        synonyms={key: name for key, name in MEANING_SYNONYMS.items() if key not in own},
        weak_synonyms={} if "id" in own else {"id": "custom_id"},
        required=tuple(_required(template)),
        any_column=True,
    )


def check_columns(
    template: SheetTemplate, header: Sequence[str], columns: Mapping[int, str]
) -> None:
    """InvalidRequestError `Missing columns` for placeholders without a column.

    `columns` are the names under which the header's columns are read, by position.
    """
    there = set(columns.values())
    missing = [name for name in _required(template) if name not in there]
    if not missing:
        return
    details = [_missing(name, header, template) for name in missing]
    hints = map(_hint, details[:10])
    raise InvalidRequestError(
        "missing-columns",
        "Missing columns",
        title="Columns of the template are missing",
        detail=f"The template needs columns that the sheet does not have: {', '.join(hints)}.",
        details=details,
    )


def _missing(name: str, headers: Sequence[str], template: SheetTemplate) -> dict[str, str | None]:
    used = {folded_name(each) for each in (*_names(template), *MEANINGS)}
    near = _near_header(name, [h for h in headers if h and folded_name(h) not in used])
    message = f"The template has {{{{{name}}}}}, and no column of the sheet has this name"
    suggestion = column_label(near) if near else None
    return {"column": name, "suggestion": suggestion, "message": message}


def _near_header(name: str, headers: Sequence[str]) -> str | None:
    """Return the header that a column may mean, or that may mean the column."""
    found = nearest_column(name, headers)
    return found or next((each for each in headers if nearest_column(each, [name])), None)


def _hint(missing: Mapping[str, str | None]) -> str:
    name, suggestion = missing["column"], missing["suggestion"]
    return f"{name} (did you mean {suggestion}?)" if suggestion else str(name)


def template_recipe(template: SheetTemplate, ratios: Sequence[str]) -> Recipe:
    prompt, file_name = Template(template.prompt), Template(template.file_name)
    defaults = {name: rule.default for name, rule in template.columns.items() if rule.default}
    return Recipe(
        kind=Kind.SHEET,
        rules=_row_rules(template.columns, ratios),
        defaults={"aspect_ratio": template.aspect_ratio or DEFAULT_RATIO, **defaults},
        template=lambda _: prompt,
        stem=lambda values, index: _stem(values, index, prompt, file_name),
    )


def _row_rules(columns: Mapping[str, ColumnRule], ratios: Sequence[str]) -> RowRules:
    choices = {name: rule.one_of for name, rule in columns.items() if rule.one_of}
    return RowRules(
        choices={**choices, "aspect_ratio": tuple(ratios)},
        max_length=MAX_VALUE,
        max_lengths={name: r.max_length for name, r in columns.items() if r.max_length},
        required=tuple(n for n, r in columns.items() if r.required and not r.default),
    )


def _stem(values: Values, index: int, prompt: Template, file_name: Template) -> str:
    """The template's own file name, the row's ID, or the prompt's first words."""
    return (
        safe_stem(file_name.render(values))
        or safe_stem(values.get("custom_id", ""))
        or safe_stem(stem_of_words(prompt.render(values)))
        or f"image-{index}"
    )


def _names(template: SheetTemplate) -> list[str]:
    return sorted(Template(template.prompt).names | Template(template.file_name).names)


def _required(template: SheetTemplate) -> list[str]:
    """Return the required columns: as declared, or as the prompt needs them."""
    derived = Template(template.prompt).required_names
    return [
        name
        for name in dict.fromkeys((*sorted(derived), *template.columns))
        if _is_required(template.columns.get(name, ColumnRule()), name in derived)
    ]


def _is_required(rule: ColumnRule, derived: bool) -> bool:
    if rule.default:
        return False
    return derived if rule.required is None else rule.required


def template_to_json(template: SheetTemplate) -> dict[str, Any]:
    """Return its stored form."""
    values = asdict(template)
    updated = template.updated_at
    return {
        **values,
        "columns": {name: asdict(rule) for name, rule in template.columns.items()},
        "updated_at": updated and updated.isoformat(),
    }


def template_from_json(values: Mapping[str, Any]) -> SheetTemplate:
    known = set(SheetTemplate.__struct_fields__)
    columns = {
        name: ColumnRule(**{**rule, "one_of": tuple(rule["one_of"])})
        for name, rule in values["columns"].items()
    }
    updated = values["updated_at"]
    return SheetTemplate(
        **{
            **{name: value for name, value in values.items() if name in known},
            "columns": columns,
            "fallback": tuple(values["fallback"]),
            "updated_at": datetime.fromisoformat(updated) if updated else None,
        }
    )
