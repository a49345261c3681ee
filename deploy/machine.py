"""Detects the processor a shared object was built for, from its ELF header.

Importing it proves nothing: an extension for another machine cannot be imported here, and one for
this machine could be imported although the function will run on the other.
"""

from collections.abc import Iterator
from pathlib import Path

MACHINES = {0x3E: "x86_64", 0xB7: "arm64"}
"""ELF's e_machine by Lambda's name of the architecture."""

MAGIC = b"\x7fELF"


class WrongMachineError(Exception):
    """A shared object in the build would not load on the target architecture."""


def machine_of(file: Path) -> str | None:
    """Return Lambda's name of the processor, or ELF's number for an unsupported one; None for a
    file that is not an ELF object.
    """
    with file.open("rb") as opened:
        head = opened.read(20)
    if head[:4] != MAGIC or len(head) < 20:
        return None
    number = int.from_bytes(head[18:20], "little" if head[5] == 1 else "big")
    return MACHINES.get(number, f"ELF machine {number}")


def objects(folder: Path) -> Iterator[tuple[Path, str]]:
    for file in sorted(folder.rglob("*")):
        if file.is_file() and not file.is_symlink() and (machine := machine_of(file)):
            yield file, machine


def check(folder: Path, architecture: str) -> int:
    """Return the number of shared objects; WrongMachineError unless all are for the
    architecture.
    """
    found = list(objects(folder))
    wrong = [f"  {file.relative_to(folder)}: {m}" for file, m in found if m != architecture]
    if wrong:
        listed = "\n".join(wrong)
        raise WrongMachineError(f"The build is not for {architecture}:\n{listed}")
    return len(found)
