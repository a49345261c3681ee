"""Writes XMP packets, and merges statements into an existing one."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from imagebatch.structs import Struct

if TYPE_CHECKING:
    from xml.dom.minidom import Document, Element

RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
MAX_MERGED_BYTES = 64 * 1024
"""Larger packets are not parsed; real ones are a few kilobytes."""
_DECLARATIONS = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
"""A pattern that takes long to compile, and is when it is first used."""


class UnreadablePacketError(ValueError):
    """The packet is not XMP that can be read safely."""


class Property(Struct, frozen=True):
    namespace: str
    prefix: str
    name: str

    @property
    def tag(self) -> str:
        return f"{self.prefix}:{self.name}"


type Statements = Mapping[Property, str]


def new_packet(statements: Statements) -> bytes:
    namespaces = {each.prefix: each.namespace for each in statements}
    declared = "".join(f' xmlns:{prefix}="{name}"' for prefix, name in namespaces.items())
    lines = "".join(
        f"\n   <{each.tag}>{escape(_text(value))}</{each.tag}>"
        for each, value in statements.items()
    )
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
        f'<x:xmpmeta xmlns:x="adobe:ns:meta/">\n <rdf:RDF xmlns:rdf="{RDF}">\n'
        f'  <rdf:Description rdf:about=""{declared}>{lines}\n  </rdf:Description>\n'
        ' </rdf:RDF>\n</x:xmpmeta>\n<?xpacket end="w"?>'
    ).encode()


def merged_packet(packet: bytes, statements: Statements) -> bytes:
    """Return the packet with these statements replacing its own of the same names.

    UnreadablePacketError.
    """
    document = _parsed(packet)
    try:
        _merge(document, statements)
        return "".join(node.toxml() for node in document.childNodes).encode()
    except (RecursionError, UnicodeEncodeError) as error:
        raise UnreadablePacketError("it is nested too deeply, or holds no text") from error


def _parsed(packet: bytes) -> "Document":
    from xml.dom.minidom import parseString
    from xml.parsers.expat import ExpatError

    if len(packet) > MAX_MERGED_BYTES or _DECLARATIONS.search(packet.replace(b"\0", b"")):
        raise UnreadablePacketError("it is too large, or declares entities")
    try:
        return parseString(packet.strip(b" \t\r\n\0"))  # noqa: S318 - no entity gets this far
    except (ExpatError, ValueError, LookupError, RecursionError) as error:
        raise UnreadablePacketError("it is not XML") from error


def _merge(document: "Document", statements: Statements) -> None:
    found = document.getElementsByTagNameNS(RDF, "RDF")
    if len(found) != 1:
        raise UnreadablePacketError("it has no RDF, or several")
    root = found[0]
    old = [node for node in root.getElementsByTagNameNS(RDF, "Description") if _is_top(node, root)]
    for description in old:
        for each in statements:
            _remove(description, each)
    root.appendChild(_described(document, root, old, statements))


def _described(
    document: "Document", root: "Element", old: "list[Element]", statements: Statements
) -> "Element":
    """All descriptions in a packet must be about the same resource."""
    prefix = f"{root.prefix}:" if root.prefix else ""
    made = document.createElementNS(RDF, f"{prefix}Description")
    made.setAttribute("xmlns:rdf", RDF)
    made.setAttribute("rdf:about", old[0].getAttributeNS(RDF, "about") if old else "")
    for each, value in statements.items():
        made.setAttribute(f"xmlns:{each.prefix}", each.namespace)
        stated = document.createElementNS(each.namespace, each.tag)
        stated.appendChild(document.createTextNode(_text(value)))
        made.appendChild(stated)
    return made


def _is_top(description: "Element", root: "Element") -> bool:
    """Whether it is not the value of a property."""
    return description.parentNode is root


def _remove(description: "Element", each: Property) -> None:
    if description.hasAttributeNS(each.namespace, each.name):
        description.removeAttributeNS(each.namespace, each.name)
    for child in list(description.childNodes):
        if (child.namespaceURI, child.localName) == (each.namespace, each.name):
            description.removeChild(child)


def _text(value: str) -> str:
    return re.sub(_NOT_XML, "\ufffd", value)
