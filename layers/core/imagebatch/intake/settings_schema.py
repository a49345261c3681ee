"""Settings schemas: a form as JSON Schema, and the prompt built from its values.

A schema is a file of data/schemas: `properties` and `required` use the JSON Schema keywords in
`_KEYWORDS`, `prompt` is a template over the fields and `subject, variant_title, product_title,
product_images`, `phrases` are the wordings of a field's values in the prompt.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from imagebatch.domain.errors import RequestError, UnprocessableError
from imagebatch.intake.templates import Template
from imagebatch.structs import Struct

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PRODUCT_IMAGES = "product_images"
MAX_INPUT_CHARACTERS = 8_192
"""As JSON text: it is recorded with every item."""
_KEYWORDS = frozenset(
    {"title", "description", "type", "enum", "default", "format", "items"}
    | {"minimum", "maximum", "minLength", "maxLength", "maxItems"}
)
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "null": (type(None),),
}
_NAMES = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "null": "null",
}

type Problem = tuple[str, str]
"""(field, message)"""


class SettingsSchema(Struct, frozen=True):
    key: str
    title: str
    description: str
    properties: Mapping[str, Mapping[str, Any]]
    required: tuple[str, ...]
    phrases: Mapping[str, Mapping[str, str]]
    template: Template

    @property
    def image_fields(self) -> tuple[str, ...]:
        """Return the fields with the URL of an image, in order."""
        return tuple(n for n, field in self.properties.items() if field.get("format") == "uri")

    def json_schema(self) -> dict[str, Any]:
        """Return the form, from which a client can draw and validate it."""
        return {
            "$schema": DIALECT,
            "$id": f"/api/schemas/{self.key}",
            "title": self.title,
            "description": self.description,
            "type": "object",
            "properties": {name: dict(field) for name, field in self.properties.items()},
            "required": list(self.required),
        }

    def problems(self, given: Mapping[str, Any]) -> Iterator[Problem]:
        """Return the problems of an input; unknown fields are ignored."""
        for name in self.required:
            if given.get(name) is None:
                yield name, "is required"
        for name, value in given.items():
            if name in self.properties:
                yield from _problems(name, value, self.properties[name])
        if len(json.dumps(given, ensure_ascii=False)) > MAX_INPUT_CHARACTERS:
            yield "", f"must have at most {MAX_INPUT_CHARACTERS} characters in all"

    def unknown(self, given: Mapping[str, Any]) -> list[str]:
        return sorted(name for name in given if name not in {*self.properties, PRODUCT_IMAGES})

    def value(self, given: Mapping[str, Any], name: str) -> Any:
        """Return the given value, or the field's default."""
        found = given.get(name)
        return self.properties.get(name, {}).get("default") if found is None else found

    def prompt(self, given: Mapping[str, Any], more: Mapping[str, str]) -> str:
        """`more` are additional values; they take precedence over the form's."""
        texts = {name: self._text(name, self.value(given, name)) for name in self.properties}
        return self.template.render({**texts, **more})

    def _text(self, name: str, value: Any) -> str:
        if isinstance(value, list):
            return ". ".join(str(line).strip().rstrip(".") for line in value if str(line).strip())
        text = "" if value is None else str(value)
        return self.phrases.get(name, {}).get(text, text)


def parse_schema(text: str) -> SettingsSchema:
    """ValueError for a file with unsupported content."""
    data = json.loads(text)
    for name, field in data["properties"].items():
        if strange := (field.keys() | field.get("items", {}).keys()) - _KEYWORDS:
            raise ValueError(f"{data['key']}: {name} has {sorted(strange)}")
    template = Template("\n".join(data["prompt"]))
    known = {*data["properties"], "subject", "variant_title", "product_title", PRODUCT_IMAGES}
    if strange := template.names - known:
        raise ValueError(f"{data['key']}: the prompt has {sorted(strange)}")
    return SettingsSchema(
        data["key"],
        data["title"],
        data["description"],
        data["properties"],
        tuple(data.get("required", ())),
        data.get("phrases", {}),
        template,
    )


def find_schema(
    schemas: Mapping[str, SettingsSchema],
    key: str,
    *,
    error: type[RequestError] = UnprocessableError,
) -> SettingsSchema:
    if key in schemas:
        return schemas[key]
    raise error(
        "unknown-schema",
        "Unknown schema",
        detail=f"There is no settings schema {key[:100]!r}. Known: {', '.join(sorted(schemas))}.",
        details=[{"field": "settings.schemaKey", "value": key[:100], "message": "is unknown"}],
    )


def _problems(name: str, value: Any, field: Mapping[str, Any]) -> Iterator[Problem]:
    allowed = _allowed_types(field)
    if allowed and not any(_is(value, each) for each in allowed):
        yield name, f"must be {' or '.join(_NAMES[each] for each in allowed)}"
        return
    if "enum" in field and value not in field["enum"]:
        yield name, f"must be one of {', '.join(map(str, field['enum']))}"
    yield from _LIMITS.get(type(value), _unlimited)(name, value, field)


def _allowed_types(field: Mapping[str, Any]) -> Sequence[str]:
    types = field.get("type", ())
    return (types,) if isinstance(types, str) else types


def _unlimited(_name: str, _value: Any, _field: Mapping[str, Any]) -> Iterator[Problem]:
    return iter(())


def _items(name: str, value: Sequence[Any], field: Mapping[str, Any]) -> Iterator[Problem]:
    if len(value) > field.get("maxItems", len(value)):
        yield name, f"must have at most {field['maxItems']} lines, has {len(value)}"
    for at, each in enumerate(value):
        yield from _problems(f"{name}.{at}", each, field.get("items", {}))


def _range(name: str, value: float, field: Mapping[str, Any]) -> Iterator[Problem]:
    if value < field.get("minimum", value):
        yield name, f"must be at least {field['minimum']}"
    if value > field.get("maximum", value):
        yield name, f"must be at most {field['maximum']}"


def _length(name: str, value: str, field: Mapping[str, Any]) -> Iterator[Problem]:
    if len(value) > field.get("maxLength", len(value)):
        yield name, f"must have at most {field['maxLength']} characters, has {len(value)}"
    if len(value) < field.get("minLength", 0):
        yield name, f"must have at least {field['minLength']} characters"


_LIMITS: Mapping[type, Callable[[str, Any, Mapping[str, Any]], Iterator[Problem]]] = {
    str: _length,
    list: _items,
    int: _range,
    float: _range,
}


def _is(value: Any, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _TYPES[kind])
