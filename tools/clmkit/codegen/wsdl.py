"""A component's XML against the Metadata API's own WSDL: every element, every type, everything required.

The WSDL is the one that the simple-salesforce package ships; its version stands in its first comment. Source: Metadata API
Developer Guide, "Understanding the WSDL". A source conversion is no such check: it carries unknown elements along in silence.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from lxml import etree

from clmkit.codegen.xml import NAMESPACE, XSI_TYPE

XSD = "{http://www.w3.org/2001/XMLSchema}"
SCALARS = {
    "xsd:boolean": re.compile(r"true|false|1|0"),
    "xsd:int": re.compile(r"[+-]?\d+"),
    "xsd:long": re.compile(r"[+-]?\d+"),
    "xsd:double": re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"),
    "xsd:date": re.compile(r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?"),
    "xsd:dateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"),
    "xsd:time": re.compile(r"\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"),
    "xsd:string": re.compile(r".*", re.DOTALL),
    "xsd:base64Binary": re.compile(r"[A-Za-z0-9+/=\s]*"),
}


@dataclass(frozen=True, slots=True)
class Slot:
    """An element that a type may hold."""

    type_name: str
    is_required: bool
    is_repeatable: bool


@dataclass(frozen=True, slots=True)
class Schema:
    """The types of the WSDL: elements of each complex type (with those it inherits), values of each enumeration."""

    version: str
    types: Mapping[str, Mapping[str, Slot]]
    enumerations: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which a file is not what the Metadata API accepts."""

    line: int
    element: str
    message: str

    def __str__(self) -> str:
        return f"{self.line}: {self.element}: {self.message}"


OMITTED: Mapping[str, Mapping[str, Slot]] = {
    "CustomField": {"displayLocationInDecimal": Slot("xsd:boolean", is_required=False, is_repeatable=False)},
}
"""What that WSDL lacks although the Metadata API Developer Guide has it ("CustomField") and orgs return it."""


@cache
def load_schema() -> Schema:
    """The schema of the installed simple-salesforce package, with what it lacks."""
    shipped = parse_schema(files("simple_salesforce").joinpath("metadata.wsdl").read_bytes())
    types = {name: {**slots, **OMITTED.get(name, {})} for name, slots in shipped.types.items()}
    return Schema(shipped.version, types, shipped.enumerations)


def parse_schema(wsdl: bytes) -> Schema:
    """Read a Metadata API WSDL."""
    root = etree.fromstring(wsdl, etree.XMLParser(resolve_entities=False))
    version = re.search(rb"Metadata API version (\d+\.\d)", wsdl)
    own: dict[str, dict[str, Slot]] = {}
    bases: dict[str, str] = {}
    for node in root.iter(f"{XSD}complexType"):
        name = node.get("name")
        if name is None:
            continue
        own[name] = {str(e.get("name")): _slot(e) for e in node.iter(f"{XSD}element")}
        for extension in node.iter(f"{XSD}extension"):
            bases[name] = str(extension.get("base")).removeprefix("tns:")
    enumerations = {
        str(node.get("name")): frozenset(str(v.get("value")) for v in node.iter(f"{XSD}enumeration"))
        for node in root.iter(f"{XSD}simpleType")
    }
    types = {name: _with_inherited(name, own, bases) for name in own}
    return Schema(version.group(1).decode() if version else "", types, enumerations)


def _slot(element: etree._Element) -> Slot:
    type_name = str(element.get("type"))
    is_required = element.get("minOccurs") != "0" and element.get("nillable") != "true"
    return Slot(type_name, is_required, element.get("maxOccurs") == "unbounded")


def _with_inherited(name: str, own: Mapping[str, Mapping[str, Slot]], bases: Mapping[str, str]) -> dict[str, Slot]:
    inherited = _with_inherited(bases[name], own, bases) if name in bases else {}
    return {**inherited, **own.get(name, {})}


def check_component(xml: bytes, schema: Schema | None = None) -> list[Finding]:
    """What the Metadata API would not accept in a component's XML; empty when it is sound."""
    return list(_check_file(xml, schema or load_schema()))


def _check_file(xml: bytes, schema: Schema) -> Iterator[Finding]:
    root = etree.fromstring(xml, etree.XMLParser(resolve_entities=False))
    tag = etree.QName(root)
    if tag.namespace != NAMESPACE or tag.localname not in schema.types:
        yield Finding(1, tag.localname, f"is no metadata type of {NAMESPACE}")
        return
    yield from _check_element(root, tag.localname, schema)


def _check_element(node: etree._Element, type_name: str, schema: Schema) -> Iterator[Finding]:
    slots = schema.types[type_name]
    place = etree.QName(node).localname
    seen: list[str] = []
    for child in node.iterchildren(etree.Element):
        name = etree.QName(child).localname
        slot = slots.get(name)
        if slot is None:
            yield Finding(_line(child), name, f"is no element of {type_name}")
            continue
        if name in seen and not slot.is_repeatable:
            yield Finding(_line(child), name, f"stands twice in {type_name}")
        elif name in seen and seen[-1] != name:
            yield Finding(_line(child), name, f"is duplicated at this location in type {type_name}")
        seen.append(name)
        yield from _check_value(child, slot.type_name, schema)
    for name, slot in slots.items():
        if slot.is_required and name not in seen:
            yield Finding(_line(node), place, f"lacks the required element {name} of {type_name}")


def _line(node: etree._Element) -> int:
    line = node.sourceline
    return line if isinstance(line, int) else 0


def _check_value(node: etree._Element, type_name: str, schema: Schema) -> Iterator[Finding]:
    bare = type_name.removeprefix("tns:")
    name = etree.QName(node).localname
    if bare in schema.types:
        yield from _check_element(node, bare, schema)
        return
    line, text = _line(node), node.text or ""
    if len(node):
        yield Finding(line, name, f"holds elements, but is a {type_name}")
    elif schema.enumerations.get(bare):
        if text not in schema.enumerations[bare]:
            yield Finding(line, name, f"{text!r} is no {bare}")
    else:
        declared = node.get(XSI_TYPE) if type_name == "xsd:anyType" else type_name
        pattern = SCALARS.get(declared or "xsd:string", SCALARS["xsd:string"])
        if not pattern.fullmatch(text):
            yield Finding(line, name, f"{text!r} is no {declared}")
