"""docs/configuration.md is what the template says today."""

import pytest

from docs.generate_configuration import PAGE, load, page


@pytest.mark.slow
def test_the_page_is_up_to_date() -> None:
    written = PAGE.read_text(encoding="utf-8")

    assert written == page(load()), "run: python docs/generate_configuration.py"


@pytest.mark.slow
def test_every_parameter_has_a_group() -> None:
    template = load()
    groups = template["Metadata"]["AWS::CloudFormation::Interface"]["ParameterGroups"]

    assert {name for g in groups for name in g["Parameters"]} == template["Parameters"].keys()
