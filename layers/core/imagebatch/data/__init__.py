"""The package's data files."""

from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent


def data_text(name: str) -> str:
    return (FOLDER / name).read_text("utf-8")


def json_texts(folder: str) -> Iterator[str]:
    """Return the content of every JSON file in the folder, by name."""
    for file in sorted((FOLDER / folder).glob("*.json")):
        yield file.read_text("utf-8")
