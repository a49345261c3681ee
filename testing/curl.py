"""Runs the documentation's shell examples without a shell: variables, `curl` and `jq -r`.

It supports only what the documentation uses and rejects everything else, so that unsupported
examples are found.
"""

import argparse
import json
import re
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ASSIGNED = re.compile(r"([A-Z]+)=\$\((.*)\)", re.DOTALL)
_JQ = re.compile(r"(.*?)\s*\|\s*jq -r (\S+)", re.DOTALL)
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


class _Options(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ValueError(f"curl: {message}")


_OPTIONS = _Options(add_help=False, allow_abbrev=False)
_OPTIONS.add_argument("-X", dest="method", default="")
_OPTIONS.add_argument("-I", dest="method", action="store_const", const="HEAD")
_OPTIONS.add_argument("-H", dest="headers", action="append", default=[])
_OPTIONS.add_argument("-F", dest="parts", action="append", default=[])
_OPTIONS.add_argument("-d", "--data-binary", dest="content")
_OPTIONS.add_argument("-o", dest="into")
for flag in ("-s", "-N", "-L", "--compressed"):
    _OPTIONS.add_argument(flag, action="store_true")
_OPTIONS.add_argument("url")


@dataclass(frozen=True, slots=True)
class CurlRequest:
    method: str
    url: str
    headers: Mapping[str, str]
    content: bytes | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, tuple[str, bytes]] = field(default_factory=dict)


def blocks_of(page: str) -> list[str]:
    """Return the examples that contain a curl command."""
    return [block for block in BLOCK.findall(page) if re.search(r"\bcurl\b", block)]


def commands_of(block: str) -> list[str]:
    """Return each command, joined across quotes and backslashes."""
    commands, pending = [], ""
    for line in block.splitlines():
        pending += line + "\n"
        if line.endswith("\\") or not _is_whole(pending):
            continue
        if (command := pending.replace("\\\n", " ").strip()) and not command.startswith("#"):
            commands.append(command)
        pending = ""
    if pending.strip():
        raise ValueError(f"the example does not end: {pending[:80]}")
    return commands


def _is_whole(text: str) -> bool:
    try:
        shlex.split(text.replace("$(", "").replace("\\\n", " "))
    except ValueError:
        return False
    return True


class Shell:
    """`send` takes a request and returns its response's body as text."""

    def __init__(self, send: Callable[[CurlRequest], str], folder: Path, **variables: str) -> None:
        self._send = send
        self._folder = folder
        self.variables = dict(variables)

    def run(self, command: str) -> str:
        if found := _ASSIGNED.fullmatch(command):
            self.variables[found[1]] = self._run(found[2])
            return ""
        return self._run(command)

    def _run(self, command: str) -> str:
        wanted = _JQ.fullmatch(command)
        request = self.request(wanted[1] if wanted else command)
        answer = self._send(request)
        return str(_found(json.loads(answer), wanted[2])) if wanted else answer

    def request(self, command: str) -> CurlRequest:
        name, *words = [self._filled(word) for word in shlex.split(_protected(command))]
        if name != "curl":
            raise ValueError(f"not a curl command: {command[:80]}")
        given = _OPTIONS.parse_args(words)
        headers = dict(_pair(header, ":") for header in given.headers)
        parts = dict(_pair(part, "=") for part in given.parts)
        content = None if given.content is None else self._content(given.content)
        if content is not None and "content-type" not in {header.lower() for header in headers}:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        return CurlRequest(
            given.method or ("GET" if content is None and not parts else "POST"),
            given.url,
            headers,
            content,
            {name: text for name, text in parts.items() if not text.startswith("@")},
            {
                name: (text[1:], self._content(text))
                for name, text in parts.items()
                if text.startswith("@")
            },
        )

    def _content(self, text: str) -> bytes:
        return (self._folder / text[1:]).read_bytes() if text.startswith("@") else text.encode()

    def _filled(self, word: str) -> str:
        def value(name: re.Match[str]) -> str:
            return self.variables[name[1]]

        return re.sub(r"\x01(\w+)\x02", value, word)


def _pair(text: str, separator: str) -> tuple[str, str]:
    name, _, value = text.partition(separator)
    return name.strip(), value.strip()


def _protected(command: str) -> str:
    """Mark variables outside single quotes so that splitting does not break them."""
    parts = re.split(r"('[^']*')", command)
    return "".join(
        part if part.startswith("'") else re.sub(r"\$\{?(\w+)\}?", "\x01\\1\x02", part)
        for part in parts
    )


def _found(document: Any, path: str) -> Any:
    steps = _STEP.findall(path)
    if "".join(f".{name}" if name else f"[{at}]" for name, at in steps).replace(".[", "[") != path:
        raise ValueError(f"jq is not known to take {path}")
    for name, at in steps:
        document = document[name] if name else document[int(at)]
    return document
