"""The package's data files."""

from collections.abc import Iterator
from importlib.resources import files


def data_text(name: str) -> str:
    return (files("imagebatch.data") / name).read_text("utf-8")


def json_texts(folder: str) -> Iterator[str]:
    """Return the content of every JSON file in the folder, by name."""
    for file in sorted((files("imagebatch.data") / folder).iterdir(), key=lambda f: f.name):
        if file.name.endswith(".json"):
            yield file.read_text("utf-8")
