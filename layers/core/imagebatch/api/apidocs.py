"""Renders the OpenAPI document as a page: navigation, curl and examples, without a script."""

import json
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import chain
from typing import Any

from imagebatch.api.apidocs_examples import EVENTS, curl, sample
from imagebatch.data import data_text

INTRODUCTION = (
    '<p>For programs: <a href="openapi.json">openapi.json</a> (OpenAPI 3.1). <code>$API</code> is '
    "this address, <code>$TOKEN</code> a token of its issuer; the public routes need none. Errors "
    "are problem documents (RFC 9457): show their <code>error</code>.</p>"
)

type Node = Mapping[str, Any]


def page(document: Node) -> str:
    title, style = escape(document["info"]["title"]), data_text("docs.css")
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{title} API</title><style>{style}</style></head>\n<body>"
        f'<nav aria-label="Routes" tabindex="0">{"".join(_navigation(document))}</nav>\n'
        f"<main><h1>{title} API</h1><p>{escape(document['info']['description'])}</p>"
        f"{INTRODUCTION}\n{''.join(_operations(document))}{''.join(_models(document))}"
        "</main></body></html>\n"
    )


def _groups(document: Node) -> dict[str, list[tuple[str, str, Node]]]:
    groups: dict[str, list[tuple[str, str, Node]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            groups.setdefault(operation["tags"][0], []).append((method, path, operation))
    return groups


def _navigation(document: Node) -> Iterator[str]:
    for tag, operations in _groups(document).items():
        summaries = [each["summary"] for _, _, each in operations]
        links = "".join(
            f'<li><a href="#{each["operationId"]}">{_marked(each["summary"])}'
            + (f" <small>{escape(path)}</small>" if summaries.count(each["summary"]) > 1 else "")
            + "</a></li>"
            for _, path, each in operations
        )
        yield f"<h2>{escape(tag)}</h2><ul>{links}</ul>"
    names = "".join(
        f'<li><a href="#{escape(name)}">{escape(name)}</a></li>'
        for name in document["components"]["schemas"]
    )
    yield f"<h2>Models</h2><ul>{names}</ul>"


def _operations(document: Node) -> Iterator[str]:
    for tag, operations in _groups(document).items():
        yield f"<h2>{escape(tag)}</h2>\n"
        for method, path, operation in operations:
            yield _operation(document, method, path, operation)


def _operation(document: Node, method: str, path: str, operation: Node) -> str:
    text = operation.get("description", "")
    return (
        f'<section id="{operation["operationId"]}"><h3>{method.upper()} {escape(path)}</h3>'
        f"<p>{_marked(operation['summary'])}</p>"
        + (f"<p>{_marked(text)}</p>" if text else "")
        + _parameters(operation.get("parameters", []))
        + _request(operation)
        + f"<h4>Example</h4>{_code(curl(document, method, path, operation))}"
        + _responses(document, operation)
        + "</section>\n"
    )


def _parameters(parameters: list[Node]) -> str:
    rows = [
        (f"<code>{escape(p['name'])}</code>", escape(p["in"]), _marked(p.get("description", "")))
        for p in parameters
    ]
    return "<h4>Parameters</h4>" + _table(("Name", "In", "Description"), rows) if rows else ""


def _request(operation: Node) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    rows = [
        (f"<code>{escape(kind)}</code>", _type(body["schema"])) for kind, body in content.items()
    ]
    forms = [_fields(b["schema"]) for b in content.values() if "properties" in b["schema"]]
    text = "<h4>Body</h4>" + _table(("Content type", "Model"), rows) if rows else ""
    return text + "".join(_details("Fields of the form", form) for form in forms)


def _responses(document: Node, operation: Node) -> str:
    """Show successful responses in full, and only the statuses of errors, which are all problem
    documents.
    """
    answers = operation["responses"]
    rows = [_response_row(status, answer) for status, answer in answers.items() if status < "400"]
    text = "<h4>Answers</h4>" + _table(("Status", "Content type", "Model"), rows)
    if refusals := ", ".join(sorted(status for status in answers if status >= "400")):
        text += f'<p>Refusals: {refusals} (<a href="#Problem">Problem</a>)</p>'
    examples = (_examples(document, status, answer) for status, answer in answers.items())
    return text + "".join(chain.from_iterable(examples))


def _examples(document: Node, status: str, answer: Node) -> Iterator[str]:
    for kind, body in answer.get("content", {}).items():
        if kind == "text/event-stream":
            yield f"<h4>{status}, events</h4>{_code(EVENTS)}"
        elif kind == "application/json" and status < "300":
            made = body.get("example") or sample(document, body["schema"])
            yield _details(f"{status}, example", _json(made))


def _response_row(status: str, answer: Node) -> tuple[str, ...]:
    content = answer.get("content", {})
    kinds = ", ".join(f"<code>{escape(kind)}</code>" for kind in content)
    models = ", ".join(_type(body.get("schema", {})) for body in content.values())
    return status, kinds, models or escape(answer["description"])


def _models(document: Node) -> Iterator[str]:
    yield "<h2>Models</h2>\n"
    for name, schema in document["components"]["schemas"].items():
        text = _marked(schema.get("description", ""))
        fields = _fields(schema) if "properties" in schema else _json(schema)
        yield f'<section id="{escape(name)}">'
        yield _details(f"<h3>{escape(name)}</h3>", (f"<p>{text}</p>" if text else "") + fields)
        yield "</section>\n"


def _fields(schema: Node) -> str:
    required = schema.get("required", [])
    rows = [
        (
            f"<code>{escape(name)}</code>" + ("" if name in required else " (optional)"),
            _type(field),
            _marked(field.get("description", "")),
        )
        for name, field in schema["properties"].items()
    ]
    return _table(("Field", "Type", "Description"), rows)


def _type(schema: Node) -> str:
    if "$ref" in schema:
        name = escape(schema["$ref"].rsplit("/", 1)[-1])
        return f'<a href="#{name}">{name}</a>'
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if "enum" in schema:
        return ", ".join(f"<code>{escape(json.dumps(each))}</code>" for each in schema["enum"])
    if "const" in schema:
        return f"<code>{escape(json.dumps(schema['const']))}</code>"
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    kind = schema.get("type", "any")
    kind = " or ".join(kind) if isinstance(kind, list) else kind
    return escape(schema.get("contentMediaType") or schema.get("format") or kind)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    names = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{first}</th>{"".join(f"<td>{cell}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return f"<table><thead><tr>{names}</tr></thead><tbody>{body}</tbody></table>"


def _details(title: str, content: str) -> str:
    return f"<details><summary>{title}</summary>{content}</details>"


def _marked(text: str) -> str:
    """Render text between backquotes as `code`."""
    parts = escape(text).split("`")
    return "".join(f"<code>{p}</code>" if n % 2 else p for n, p in enumerate(parts))


def _json(value: Any) -> str:
    return _code(json.dumps(value, indent=2, ensure_ascii=False))


def _code(text: str) -> str:
    return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'
