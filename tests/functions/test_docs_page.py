"""The page at /docs: a reader finds each route, how it is called and what it answers."""

import re
from html import unescape

import pytest

from imagebatch.api.apidocs import page
from imagebatch.api.openapi import document


@pytest.fixture(scope="module")
def text() -> str:
    return page(document())


def operations() -> list[tuple[str, str, str]]:
    paths = document()["paths"].items()
    return [(m.upper(), path, each["operationId"]) for path, ms in paths for m, each in ms.items()]


def section(text: str, name: str) -> str:
    return text.partition(f'<section id="{name}">')[2].partition("</section>")[0]


@pytest.mark.slow
def test_every_route_is_in_the_navigation_once(text: str) -> None:
    navigation = text.partition("</nav>")[0]
    links = re.findall(r'<li><a href="#(\w+)">(.*?)</a>', navigation)
    routes = {name for _, _, name in operations()}
    assert routes <= {name for name, _ in links}
    words = [words for name, words in links if name in routes]
    assert len(set(words)) == len(words) == len(routes)


@pytest.mark.slow
def test_every_route_has_curl_with_its_method_and_path(text: str) -> None:
    for method, path, name in operations():
        [first, *_] = re.findall(r"<code>(curl [^<]*)</code>", section(text, name))
        command = unescape(first)
        beginning = path.partition("{")[0]
        assert f'curl "$API{beginning}' in command, name
        assert f"-X {method}" in command or method in {"GET", "POST"}, name


@pytest.mark.slow
def test_answers_and_events_have_examples(text: str) -> None:
    for path, methods in document()["paths"].items():
        for operation in methods.values():
            shown = section(text, operation["operationId"])
            kinds = operation["responses"].get("200", {}).get("content", {})
            assert ("200, example" in shown) >= ("application/json" in kinds), path
            assert ("event: completed" in shown) == ("text/event-stream" in kinds), path


@pytest.mark.slow
def test_requests_with_json_have_an_example_body(text: str) -> None:
    for methods in document()["paths"].values():
        for operation in methods.values():
            content = operation.get("requestBody", {}).get("content", {})
            if next(iter(content), "") == "application/json":
                assert "-d &#x27;" in section(text, operation["operationId"])


@pytest.mark.slow
def test_no_script_or_attribute_needs_a_looser_policy(text: str) -> None:
    assert not re.findall(r"<script|\son\w+=|\sstyle=", text)
