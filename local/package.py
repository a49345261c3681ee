"""Packages a build once: archives, and the template as JSON.

Each stack of the tests is deployed from the same build.
"""

import json
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml

CONTENT = ("CodeUri", "ContentUri")
FILES = {*CONTENT, "DefinitionUri"}
"""The properties that name a file to upload."""


def package(template: Path) -> None:
    """Write the template to deploy next to the built one; it refers to an archive for each
    folder.
    """
    # `sam build` has expanded the short forms of intrinsic functions.
    content = dict(yaml.load(template.read_text(), yaml.CSafeLoader))
    named = [
        (properties, name)
        for properties in _properties(content)
        for name in CONTENT
        if isinstance(given := properties.get(name), str) and (template.parent / given).is_dir()
    ]
    folders = [template.parent / properties[name] for properties, name in named]
    with ThreadPoolExecutor() as side_by_side:
        archives = side_by_side.map(_archive, folders)
    for (properties, name), archive in zip(named, archives, strict=True):
        properties[name] = archive.name
    packaged(template).write_text(json.dumps(content, default=str))


def packaged(template: Path) -> Path:
    return template.with_name("packaged.json")


def _properties(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    return (resource.get("Properties", {}) for resource in template["Resources"].values())


def _archive(folder: Path) -> Path:
    archive = folder.with_suffix(".zip")
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as opened:
        for path in sorted(folder.rglob("*")):
            opened.write(path, path.relative_to(folder))
    return archive
