"""A layer is unpacked once for all execution environments."""

import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from testing.emulator.layers import PATHS, UnpackedLayers, _with_layers


@pytest.fixture
def archive() -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as opened:
        opened.writestr("python/shop.py", "PRICE = 7")
    return written.getvalue()


def test_a_layer_is_unpacked_once(tmp_path: Path, archive: bytes) -> None:
    first = UnpackedLayers(tmp_path).folder(archive)
    written = first / "python" / "shop.py"
    assert written.read_text() == "PRICE = 7"
    written.write_text("PRICE = 8")
    assert UnpackedLayers(tmp_path).folder(archive) == first
    assert written.read_text() == "PRICE = 8"
    assert list(tmp_path.iterdir()) == [first]


def test_another_content_has_another_folder(tmp_path: Path, archive: bytes) -> None:
    layers = UnpackedLayers(tmp_path)
    assert layers.folder(archive) != layers.folder(archive.replace(b"shop", b"shoe"))


def test_an_environment_is_told_the_folders_and_unpacks_nothing(tmp_path: Path) -> None:
    config = {"Layers": ["one", "two"], "Environment": {"Variables": {"TABLE_NAME": "t"}}}
    worker, seen = SimpleNamespace(config=config), []
    spawn = _with_layers(
        lambda worker: seen.append(worker.config),
        lambda config: (tmp_path / name for name in config["Layers"]),
    )
    spawn(worker)
    [given] = seen
    assert given["Layers"] == []
    told = {"TABLE_NAME": "t", PATHS: f"{tmp_path / 'one'}:{tmp_path / 'two'}"}
    assert given["Environment"]["Variables"] == told
    assert worker.config is config
