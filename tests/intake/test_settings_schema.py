import json
from typing import Any

import pytest

from imagebatch.domain.errors import InvalidRequestError
from imagebatch.intake.settings_schema import find_schema, parse_schema
from testing.variants import product_shot

SCHEMA = product_shot()
MORE = {"subject": "Linen shirt", "product_images": "reference image 1"}


def problems(**given: Any) -> list[tuple[str, str]]:
    return list(SCHEMA.problems(given))


def data(**fields: Any) -> str:
    base = {"key": "k", "title": "t", "description": "d", "properties": {}, "prompt": ["p"]}
    return json.dumps(base | fields)


def test_everything_may_be_left_out() -> None:
    assert problems() == []


def test_a_whole_form_is_valid() -> None:
    assert not problems(
        aspect_ratio="16:9",
        purpose="social",
        moodboard_id=7,
        model_image_url=None,
        background_image_url="https://example.com/b.jpg",
        custom_instructions=["one", "two"],
    )


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (
            "aspect_ratio",
            "2:1",
            "must be one of 1:1, 16:9, 9:16, 4:3, 3:4, 3:2, 2:3, 4:5, 5:4, 21:9",
        ),
        ("aspect_ratio", None, "must be a text"),
        ("purpose", "fun", "must be one of catalog, lifestyle, social, advertising"),
        ("moodboard_id", "7", "must be a whole number or null"),
        ("moodboard_id", True, "must be a whole number or null"),
        ("moodboard_id", 1.5, "must be a whole number or null"),
        ("model_image_url", 5, "must be a text or null"),
        ("custom_instructions", "one", "must be a list or null"),
        ("custom_instructions", ["x"] * 11, "must have at most 10 lines, has 11"),
    ],
)
def test_an_invalid_setting_is_named(field: str, value: Any, message: str) -> None:
    assert problems(**{field: value}) == [(field, message)]


def test_invalid_list_line_is_named_by_position() -> None:
    assert problems(custom_instructions=["ok", 5, "x" * 501]) == [
        ("custom_instructions.1", "must be a text"),
        ("custom_instructions.2", "must have at most 500 characters, has 501"),
    ]


def test_input_over_total_length_is_rejected() -> None:
    assert problems(notes="x" * 9000) == [("", "must have at most 8192 characters in all")]


def test_a_setting_nobody_knows_is_no_error() -> None:
    assert problems(brightness=5) == []
    assert SCHEMA.unknown({"brightness": 5, "purpose": "social", "product_images": []}) == [
        "brightness"
    ]


def test_the_form_is_json_schema_with_the_fields_alone() -> None:
    form = SCHEMA.json_schema()
    assert form["type"] == "object"
    assert list(form["properties"]) == [
        "aspect_ratio",
        "purpose",
        "moodboard_id",
        "model_image_url",
        "background_image_url",
        "custom_instructions",
    ]
    assert not {"prompt", "phrases"} & form.keys()


def test_prompt_uses_choices_and_defaults_to_catalog() -> None:
    plain = SCHEMA.prompt({}, MORE)
    assert "one product: Linen shirt." in plain
    assert "A catalogue photograph" in plain
    assert "worn or held" not in plain
    assert "{{" not in plain
    assert "A lifestyle photograph" in SCHEMA.prompt({"purpose": "lifestyle"}, MORE)


def test_prompt_mentions_a_person_only_if_shown() -> None:
    more = {**MORE, "model_image_url": "reference image 2"}
    prompt = SCHEMA.prompt({"model_image_url": "s3:uploads/u1"}, more)
    assert "the person in reference image 2" in prompt
    assert "uploads/u1" not in prompt


def test_instructions_are_sentences_of_the_prompt() -> None:
    prompt = SCHEMA.prompt({"custom_instructions": ["No hats.", " ", "Warm light"]}, MORE)
    assert "No hats. Warm light." in prompt


def test_an_instruction_cannot_add_a_placeholder() -> None:
    prompt = SCHEMA.prompt({"custom_instructions": ["{{subject}}"]}, MORE)
    assert prompt.count("Linen shirt") == 1


def test_an_unknown_schema_is_named_with_the_known_ones() -> None:
    with pytest.raises(InvalidRequestError, match="Unknown schema") as caught:
        find_schema({"product-shot": SCHEMA}, "portrait")
    assert "'portrait'" in caught.value.detail
    assert "product-shot" in caught.value.detail


def test_new_schema_is_a_new_file() -> None:
    field = {"type": "number", "minimum": 1, "maximum": 2}
    schema = parse_schema(
        data(properties={"zoom": field}, required=["zoom"], prompt=["Zoom {{zoom}}, {{subject}}"])
    )
    assert list(schema.problems({})) == [("zoom", "is required")]
    assert list(schema.problems({"zoom": 0.5})) == [("zoom", "must be at least 1")]
    assert list(schema.problems({"zoom": 3})) == [("zoom", "must be at most 2")]
    assert schema.prompt({"zoom": 1.5}, {"subject": "Chair"}) == "Zoom 1.5, Chair"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"properties": {"a": {"type": "string", "pattern": "x"}}}, "a has .'pattern'."),
        ({"prompt": ["{{nothing}}"]}, "the prompt has .'nothing'."),
        ({"prompt": ["{{#open}}"]}, "not a prompt template"),
    ],
)
def test_a_schema_that_says_what_nobody_understands_is_refused(
    fields: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        parse_schema(data(**fields))
