"""Errors get their HTTP status in `api/errors.py`, and nowhere else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import imagebatch
from imagebatch.api.errors import STATUSES
from imagebatch.domain.errors import RequestError

PACKAGE = Path(imagebatch.__file__).parent
CORE = ["domain", "intake", "ports", "reports", "usecases"]
STATUS = re.compile(r"\b4\d\d\b")


def subclasses(cls: type[RequestError]) -> Iterator[type[RequestError]]:
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


def test_every_request_error_has_a_status() -> None:
    assert set(subclasses(RequestError)) == set(STATUSES)


@pytest.mark.parametrize("part", CORE)
def test_the_core_names_no_status_of_the_api(part: str) -> None:
    found = []
    for file in sorted((PACKAGE / part).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            match node:
                case ast.keyword(arg="status", value=ast.Constant(value=int())):
                    found.append(f"{file.name}:{node.value.lineno}")
                case ast.Assign(targets=[ast.Name(id="status")], value=ast.Constant(value=int())):
                    found.append(f"{file.name}:{node.lineno}")
                case ast.Constant(value=str(text)) if "Error" in text and STATUS.search(text):
                    found.append(f"{file.name}:{node.lineno}")
    assert not found
