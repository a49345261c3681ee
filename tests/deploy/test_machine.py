"""The processor of a shared object, without an interpreter."""

import sys
from pathlib import Path

import pytest

from deploy.machine import WrongMachineError, check, machine_of
from local.config import architecture


def elf(machine: int, order: str = "little") -> bytes:
    ident = b"\x7fELF\x02" + (b"\x01" if order == "little" else b"\x02") + bytes(10)
    return ident + bytes(2) + machine.to_bytes(2, order) + bytes(44)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("content", "machine"),
    [
        (elf(62), "x86_64"),
        (elf(183), "arm64"),
        (elf(183, "big"), "arm64"),
        (elf(40), "ELF machine 40"),
        (b"\x7fELF", None),
        (b"#!/bin/sh\n", None),
        (b"", None),
    ],
)
def test_the_header_says_which_machine(tmp_path: Path, content: bytes, machine: str | None) -> None:
    file = tmp_path / "module.so"
    file.write_bytes(content)

    assert machine_of(file) == machine


def test_this_interpreter_is_for_this_machine() -> None:
    assert machine_of(Path(sys.executable).resolve()) == architecture()


def test_a_build_with_one_foreign_object_is_refused(tmp_path: Path) -> None:
    (tmp_path / "layer").mkdir()
    (tmp_path / "layer" / "fine.so").write_bytes(elf(183))
    (tmp_path / "layer" / "text.py").write_text("x = 1")
    assert check(tmp_path, "arm64") == 1

    # Named after the other machine: only the header counts.
    (tmp_path / "layer" / "foreign.cpython-313-aarch64-linux-gnu.so").write_bytes(elf(62))
    with pytest.raises(WrongMachineError, match=r"foreign\.cpython.*: x86_64"):
        check(tmp_path, "arm64")
