"""What holds for the shape of the code: short functions, low complexity, no import cycles."""

import ast
import gc
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("layers/core", "functions", "cli", "local", "deploy", "bench", "testing")
SOURCE_ROOTS = ("layers/core", "cli", "")
MAX_LINES = 46
MAX_AVERAGE_COMPLEXITY = 2.65
BRANCHES = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.ExceptHandler, ast.IfExp, ast.Assert,
    ast.comprehension, ast.match_case,
)  # fmt: skip


class Function(NamedTuple):
    place: str
    lines: int
    complexity: int


@cache
def trees() -> dict[str, ast.Module]:
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).rglob("*.py"))]
    gc.disable()  # it would go through all trees again and again
    try:
        return {str(path.relative_to(ROOT)): ast.parse(path.read_bytes()) for path in paths}
    finally:
        gc.enable()


@cache
def functions() -> tuple[Function, ...]:
    return tuple(_functions())


def _functions() -> Iterator[Function]:
    for path, tree in trees().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                yield Function(f"{path}:{node.lineno} {node.name}", lines, complexity(node))


def complexity(function: ast.AST) -> int:
    """McCabe's number: 1, and 1 for each branch; nested functions count for themselves."""
    found, waiting = 1, list(ast.iter_child_nodes(function))
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        found += isinstance(node, BRANCHES)
        found += len(node.ifs) if isinstance(node, ast.comprehension) else 0
        found += len(node.values) - 1 if isinstance(node, ast.BoolOp) else 0
        waiting += ast.iter_child_nodes(node)
    return found


def modules() -> dict[str, str]:
    """Module names by path."""
    found = {}
    for path in trees():
        root = next(each for each in SOURCE_ROOTS if path.startswith(each))
        parts = Path(path).relative_to(root).with_suffix("").parts
        found[path] = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return found


def imported(tree: ast.Module, known: set[str]) -> set[str]:
    """The known modules that a module imports when it is loaded, or for type checking."""
    names: set[str] = set()
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            inner = {f"{node.module}.{each.name}" for each in node.names}
            names |= (inner & known) or {node.module}
        waiting += ast.iter_child_nodes(node)
    return names & known


def in_cycles() -> list[str]:
    """The modules that remain when those that import no remaining one are removed in turn."""
    names = modules()
    known = set(names.values())
    edges = {names[path]: imported(tree, known) - {names[path]} for path, tree in trees().items()}
    while leaves := [name for name, imports in edges.items() if not imports & edges.keys()]:
        for name in leaves:
            del edges[name]
    return sorted(edges)


@pytest.mark.slow
def test_no_function_is_longer_than_the_limit() -> None:
    assert [each for each in functions() if each.lines > MAX_LINES] == []


@pytest.mark.slow
def test_average_complexity_stays_low() -> None:
    numbers = [each.complexity for each in functions()]

    assert sum(numbers) / len(numbers) <= MAX_AVERAGE_COMPLEXITY


@pytest.mark.slow
def test_modules_import_each_other_in_one_direction() -> None:
    assert in_cycles() == []
