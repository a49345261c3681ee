import re
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import imagebatch
from imagebatch.intake.templates import Template

PROMPTS = Path(imagebatch.__file__).parent / "data" / "prompts"
NAMES = ("make", "model", "body_style", "trim", "year", "color")
SHIPPED = {path.name: Template(path.read_text("utf-8")) for path in sorted(PROMPTS.glob("car.*"))}
FULL = {
    "make": "Toyota",
    "model": "Corolla",
    "body_style": "sedan",
    "trim": "LE",
    "year": "2024",
    "color": "red",
}
LEFTOVER = re.compile(r"\{\{|\}\}|  |\s[,.;:]|[,;:]\s*[,;:.]|\(\s*\)|\[\s*\]|^[\s,;:.]|[\s,;:]$")


def test_there_is_a_template_for_each_background() -> None:
    assert set(SHIPPED) == {"car.white.txt", "car.hub.txt"}


@pytest.mark.parametrize("name", SHIPPED)
def test_every_value_of_a_row_is_in_its_prompt(name: str) -> None:
    prompt = SHIPPED[name].render(FULL)
    assert "2024 Toyota Corolla LE sedan, painted in red," in prompt
    assert SHIPPED[name].names == set(NAMES)


@pytest.mark.parametrize("name", SHIPPED)
def test_no_combination_of_missing_values_leaves_a_trace(name: str) -> None:
    for chosen in product([True, False], repeat=len(NAMES)):
        values = {n: FULL[n] for n, there in zip(NAMES, chosen, strict=True) if there}
        prompt = SHIPPED[name].render(values)
        assert not LEFTOVER.search(prompt), prompt
        assert all(value in prompt for value in values.values())


@pytest.mark.parametrize(
    ("template", "prompt"),
    [
        ("A {{year}} {{make}} car", "A car"),
        ("{{make}}, {{model}}, {{trim}}", ""),
        ("A car ({{trim}}) here", "A car here"),
        ("A car ({{trim}}, {{year}}) here", "A car here"),
        ("A car [{{trim}}].", "A car."),
        ("A car, {{trim}}, {{color}}, on white.", "A car, on white."),
        ("A car: {{trim}}.", "A car."),
        ("A car; {{trim}}", "A car"),
        ("({{trim}}, new) car", "(new) car"),
        ("A car (new, {{trim}})", "A car (new)"),
        ("{{make}}. A car", "A car"),
        ("A car.  {{make}}.  End.", "A car. End."),
        ("A car{{#color}} in {{color}} paint{{/color}}.", "A car."),
        ("A car{{#make}} by {{make}}{{#trim}}, {{trim}}{{/trim}}{{/make}}.", "A car."),
    ],
)
def test_a_missing_value_takes_its_punctuation_with_it(template: str, prompt: str) -> None:
    assert Template(template).render({}) == prompt
    assert Template(template).render({"make": "  ", "trim": ""}) == prompt


def test_a_section_is_there_when_its_value_is() -> None:
    template = Template("A car{{#make}} by {{make}}{{#trim}}, {{trim}}{{/trim}}{{/make}}.")
    assert template.render({"make": "Audi"}) == "A car by Audi."
    assert template.render({"make": "Audi", "trim": "S line"}) == "A car by Audi, S line."


def test_white_space_in_a_value_is_squeezed() -> None:
    assert Template("{{make}} car").render({"make": " Alfa \n\t Romeo\u00a0"}) == "Alfa Romeo car"


@pytest.mark.parametrize(
    "cell", ["{{model}}", "{{#model}}x{{/model}}", "{{", "}}", "{{/make}}", "()", ", ,", "\x00"]
)
def test_text_in_a_cell_is_taken_as_it_is(cell: str) -> None:
    template = Template("{{#make}}A {{make}}{{/make}} {{model}}, new")
    assert template.render({"make": cell, "model": "A4"}) == f"A {cell} A4, new"


@given(st.dictionaries(st.sampled_from(NAMES), st.text(max_size=20)))
def test_no_cell_adds_or_changes_a_placeholder(values: dict[str, str]) -> None:
    template = Template("<{{make}}|{{model}}|{{trim}}|{{make}}>")
    squeezed = {name: " ".join(text.split()) for name, text in values.items()}
    make, model, trim = (squeezed.get(name, "") for name in ("make", "model", "trim"))
    expected = " ".join(f"<{make}|{model}|{trim}|{make}>".split())
    assert template.render(values) == expected


@pytest.mark.parametrize(
    "text", ["{{make", "{{Make}}", "{{#make}}x", "{{/make}}", "a }} b", "{{}}"]
)
def test_a_template_that_is_not_well_formed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="prompt template"):
        Template(text)
