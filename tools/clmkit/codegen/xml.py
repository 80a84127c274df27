"""Metadata XML as plain data, and the one way it is written.

A component's body is a mapping from element name to value; a list means "this element, repeated". The writer puts `fullName`
first and the other elements in the order of their names, four spaces per level, `\\n` line ends and a final line end: the form
in which an org gives a file back on retrieve, so that a diff shows changes and nothing else. Because a repeated element is one
list under one name, equal elements are always adjacent, without which a deploy fails with "Element fieldPermissions is
duplicated at this location in type PermissionSet".

There are no XML comments: a comment before the root element breaks the source conversion of fields. What must be said about a
file is said in its `description`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from lxml import etree

NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
XSI = (
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
)  # fmt: skip
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
INDENT = "    "


class Typed(NamedTuple):
    """A value of a custom metadata record, which names its own type: `<value xsi:type="xsd:string">`."""

    xsd_type: str
    text: str


Scalar: TypeAlias = str | bool | int | Typed
Body: TypeAlias = Mapping[str, "Value"]
Value: TypeAlias = Scalar | Body | Sequence[Scalar | Body]

SPECIAL = re.compile("[&<>\"']")
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


def render_component(root: str, body: Body) -> str:
    """The whole file of one component whose metadata type is `root`."""
    lines: list[str] = []
    _write_children(lines, body, INDENT)
    inner = "".join(lines)
    schema_names = XSI if "xsi:type" in inner else ""
    return f'{DECLARATION}<{root} xmlns="{NAMESPACE}"{schema_names}>\n{inner}</{root}>\n'


def _write_children(lines: list[str], body: Body, indent: str) -> None:
    """Texts are written here: they are nine of ten elements, and a large spec has half a million."""
    for name in _in_order(body):
        value = body[name]
        if isinstance(value, str):
            lines.append(f"{indent}<{name}>{escape(value)}</{name}>\n")
        elif isinstance(value, (list, tuple)) and not isinstance(value, Typed):
            for item in value:
                _write_element(lines, name, item, indent)
        else:
            _write_element(lines, name, value, indent)


def _in_order(body: Body) -> list[str]:
    names = sorted(body)
    if "fullName" in body:
        names.remove("fullName")
        names.insert(0, "fullName")
    return names


def _write_element(lines: list[str], name: str, value: Value, indent: str) -> None:
    """Concrete types are asked for: a large spec has a million elements, and asking an abstract type takes five times as long."""
    if isinstance(value, str):
        lines.append(f"{indent}<{name}>{escape(value)}</{name}>\n")
    elif isinstance(value, bool):
        lines.append(f"{indent}<{name}>{'true' if value else 'false'}</{name}>\n")
    elif isinstance(value, int):
        lines.append(f"{indent}<{name}>{value}</{name}>\n")
    elif isinstance(value, Typed):
        lines.append(f'{indent}<{name} xsi:type="{value.xsd_type}">{escape(value.text)}</{name}>\n')
    elif isinstance(value, dict):
        if not value:
            lines.append(f"{indent}<{name}/>\n")
            return
        lines.append(f"{indent}<{name}>\n")
        _write_children(lines, value, indent + INDENT)
        lines.append(f"{indent}</{name}>\n")
    else:
        raise TypeError(f"element {name} holds a {type(value).__name__}")


def escape(text: str) -> str:
    """The text with the five characters written as entities, as a retrieve writes them."""
    return SPECIAL.sub(_to_entity, text) if SPECIAL.search(text) else text


def _to_entity(match: re.Match[str]) -> str:
    return ENTITIES[match[0]]


def parse_component(content: bytes) -> tuple[str, dict[str, Value]]:
    """The metadata type and the body of a component's file; the inverse of `render_component`."""
    root = etree.fromstring(content, etree.XMLParser(resolve_entities=False, remove_comments=True))
    body = _read_children(root)
    return etree.QName(root).localname, body


def _read_children(node: etree._Element) -> dict[str, Value]:
    found: dict[str, list[Scalar | Body]] = {}
    for child in node.iterchildren(etree.Element):
        found.setdefault(etree.QName(child).localname, []).append(_read_value(child))
    return {name: values[0] if len(values) == 1 else values for name, values in found.items()}


def _read_value(node: etree._Element) -> Scalar | Body:
    if len(node):
        return _read_children(node)
    text = node.text or ""
    xsd_type = node.get(XSI_TYPE)
    return Typed(xsd_type, text) if xsd_type else text
