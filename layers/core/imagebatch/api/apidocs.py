"""The OpenAPI document as one page to read: no script, nothing from elsewhere."""

import json
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

STYLE = """
:root{color-scheme:light dark;--ink:light-dark(#1c2024,#e8eaed);--soft:light-dark(#5c6570,#9aa3ad);
--line:light-dark(#e2e5e9,#2c3238);--paper:light-dark(#fff,#131619);--code:light-dark(#f5f6f8,#1b1f23)}
body{font:16px/1.55 system-ui,sans-serif;color:var(--ink);background:var(--paper);
max-width:60rem;margin:0 auto;padding:2rem 1rem}
h1{font-size:1.6rem}h2{font-size:1.1rem;margin:2.5rem 0 .5rem;color:var(--soft)}
section{border-top:1px solid var(--line);padding:1rem 0}
h3{font:600 1rem/1.4 ui-monospace,monospace;margin:0}p{margin:.3rem 0}
pre{background:var(--code);padding:.8rem;border-radius:6px;overflow:auto;font-size:.85rem}
summary{cursor:pointer;color:var(--soft)}td{padding:.15rem 1rem .15rem 0;vertical-align:top}
code{font-family:ui-monospace,monospace}
"""


def page(document: Mapping[str, Any]) -> str:
    info = document["info"]
    body = "\n".join(_sections(document))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(info['title'])} API</title><style>{STYLE}</style></head>\n<body>"
        f"<h1>{escape(info['title'])} API</h1><p>{escape(info['description'])}</p>"
        '<p>For programs: <a href="openapi.json">openapi.json</a>. Every route but the public ones '
        "takes <code>Authorization: Bearer TOKEN</code>. Errors are problem documents (RFC 9457); "
        "show their <code>error</code>.</p>\n"
        f"{body}\n</body></html>\n"
    )


def _sections(document: Mapping[str, Any]) -> Iterator[str]:
    by_tag: dict[str, list[str]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            section = _section(method, path, operation)
            by_tag.setdefault(operation["tags"][0], []).append(section)
    for tag, sections in by_tag.items():
        yield f"<h2>{escape(tag)}</h2>"
        yield from sections
    schemas = document["components"]["schemas"]
    yield "<h2>Shapes</h2>"
    for name, schema in schemas.items():
        yield f'<section id="{escape(name)}"><h3>{escape(name)}</h3>{_json(schema)}</section>'


def _section(method: str, path: str, operation: Mapping[str, Any]) -> str:
    text = operation.get("description", "")
    return (
        f"<section><h3>{method.upper()} {escape(path)}</h3><p>{escape(operation['summary'])}</p>"
        + (f"<p>{escape(text)}</p>" if text else "")
        + _parameters(operation.get("parameters", []))
        + _contents("Request", operation.get("requestBody", {}).get("content", {}))
        + "".join(
            _contents(f"{status} {json_response['description']}", json_response.get("content", {}))
            for status, json_response in operation["responses"].items()
        )
        + "</section>"
    )


def _parameters(parameters: list[Mapping[str, Any]]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(p['name'])}</code></td><td>{escape(p['in'])}</td>"
        f"<td>{escape(p.get('description', ''))}</td></tr>"
        for p in parameters
    )
    return f"<table>{rows}</table>" if rows else ""


def _contents(title: str, content: Mapping[str, Any]) -> str:
    if not content:
        return f"<p>{escape(title)}</p>"
    return "".join(_content(title, kind, body["schema"]) for kind, body in content.items())


def _content(title: str, kind: str, schema: Mapping[str, Any]) -> str:
    label = f"{escape(title)}, <code>{escape(kind)}</code>"
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<p>{label}: <a href="#{name}">{name}</a></p>'
    return f"<details><summary>{label}</summary>{_json(schema)}</details>"


def _json(schema: Mapping[str, Any]) -> str:
    return f"<pre><code>{escape(json.dumps(schema, indent=1, ensure_ascii=False))}</code></pre>"
