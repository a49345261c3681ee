"""Every port is one file, and whatever stands behind a port says so by subclassing it."""

import ast
import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, is_protocol

import pytest

import imagebatch.adapters
import imagebatch.observability
import imagebatch.ports
import testing.fakes


def modules(package: ModuleType) -> Iterator[ModuleType]:
    for each in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        yield importlib.import_module(each.name)


def own_classes(module: ModuleType) -> list[type]:
    return [
        c for _, c in inspect.getmembers(module, inspect.isclass) if c.__module__ == module.__name__
    ]


def ports_of(module: ModuleType) -> list[type]:
    return [c for c in own_classes(module) if is_protocol(c)]


def signatures(cls: type, names: set[str]) -> dict[str, list[str] | None]:
    """The parameters of these methods; None for one that there is not."""
    found: dict[str, list[str] | None] = {}
    for name in names:
        method: Any = getattr(cls, name, None)
        found[name] = list(inspect.signature(method).parameters) if callable(method) else None
    return found


PORT_MODULES = list(modules(imagebatch.ports))
PORTS = [port for module in PORT_MODULES for port in ports_of(module)]
ADAPTERS = [
    cls
    for module in [*modules(imagebatch.adapters), imagebatch.observability]
    for cls in own_classes(module)
]
FAKES = [cls for module in modules(testing.fakes) for cls in own_classes(module)]


def ids(cls: type) -> str:
    return cls.__name__


def test_a_function_loads_only_the_ports_it_uses() -> None:
    """The package imports none by itself."""
    package = ast.parse(Path(str(imagebatch.ports.__file__)).read_text("utf-8"))
    assert not [node for node in ast.walk(package) if isinstance(node, ast.Import | ast.ImportFrom)]


@pytest.mark.parametrize("module", PORT_MODULES, ids=lambda m: m.__name__)
def test_a_file_has_one_port(module: ModuleType) -> None:
    assert len(ports_of(module)) <= 1


@pytest.mark.parametrize("port", PORTS, ids=ids)
def test_an_adapter_subclasses_the_port(port: type) -> None:
    assert any(port in cls.__mro__ for cls in ADAPTERS)


@pytest.mark.parametrize("cls", [*ADAPTERS, *FAKES], ids=ids)
def test_what_looks_like_a_port_subclasses_it(cls: type) -> None:
    looks_like = {
        port.__name__
        for port in PORTS
        if (methods := {n for n in vars(port) if not n.startswith("_")})
        and signatures(cls, methods) == signatures(port, methods)
    }
    assert looks_like <= {base.__name__ for base in cls.__mro__}
