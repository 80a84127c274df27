"""The grammar of metadata files, read from the Metadata WSDL that the simple-salesforce package ships (API 63), with what later
versions up to 66 added to the types that the twin has rules for (later_elements.json: elements as [type, repeats], and values),
and with the feature parameters, which only a packaging org names.

    load_grammar() -> Grammar             read once, about 0.2 s; nothing reads it before the first deploy
    check_document(document) -> problems  element by element: known here? adjacent to its like? a value of its type?

Order inside an element is free, but equal elements must be adjacent (that is how the org's parser reads a sequence).
What the WSDL calls required is not enforced here: orgs take many files without such elements; the types' own rules insist.
The data source types OData and OData4 are added, too: a WSDL names them only in an org that has Salesforce Connect.
An element of a still later version is refused like any unknown one. ASSUMED: a file may hold any element, whatever version its
package names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from orgtwin.metadata.problem import Problem
from orgtwin.metadata.xml import METADATA_NAMESPACE, XSI_TYPE, Document, Node, parse_document

_INTEGER = re.compile(r"[+-]?\d+")
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_VALUE_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "xsd:boolean": re.compile(r"true|false|1|0"),
    "xsd:int": _INTEGER,
    "xsd:long": _INTEGER,
    "xsd:double": _NUMBER,
    "xsd:date": re.compile(r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?"),
    "xsd:dateTime": re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?"),
    "xsd:time": re.compile(r"\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?"),
}


@dataclass(frozen=True, slots=True)
class ElementRule:
    """One element of a type: its XML type, and whether the WSDL wants it and lets it repeat."""

    name: str
    type: str
    required: bool = False
    repeats: bool = False


@dataclass(frozen=True, slots=True)
class Grammar:
    """All types of the WSDL, bases folded in: complex types by element name, enumerations by value."""

    types: Mapping[str, Mapping[str, ElementRule]]
    enums: Mapping[str, frozenset[str]]
    bases: Mapping[str, str]

    def is_metadata_type(self, name: str) -> bool:
        """Can the type be named in a manifest: does it descend from Metadata."""
        base: str | None = name
        while base is not None and base != "Metadata":
            base = self.bases.get(base)
        return base == "Metadata" and name != "Metadata"


@lru_cache(maxsize=1)
def load_grammar() -> Grammar:
    """Read the WSDL. The result is shared and immutable."""
    wsdl = parse_document(files("simple_salesforce").joinpath("metadata.wsdl").read_bytes())
    schema = next(node for node in _descend(wsdl.root) if node.tag == "schema")
    own: dict[str, dict[str, ElementRule]] = {}
    bases: dict[str, str] = {}
    for complex_type in schema.all("complexType"):
        name = complex_type.attributes["name"]
        extension = next((node for node in _descend(complex_type) if node.tag == "extension"), None)
        if extension is not None:
            bases[name] = _local(extension.attributes["base"])
        own[name] = {rule.name: rule for rule in _element_rules(complex_type)}
    enums = {
        simple.attributes["name"]: frozenset(n.attributes["value"] for n in _descend(simple) if n.tag == "enumeration")
        for simple in schema.all("simpleType")
    }
    types: dict[str, Mapping[str, ElementRule]] = {name: _with_bases(name, own, bases) for name in own}
    return _with_later_elements(types, {name: values for name, values in enums.items() if values}, bases)


def _with_later_elements(
    types: dict[str, Mapping[str, ElementRule]], enums: dict[str, frozenset[str]], bases: Mapping[str, str]
) -> Grammar:
    text = files("orgtwin.metadata").joinpath("later_elements.json").read_text("utf-8")
    later = json.loads(text)
    for name, elements in later["elements"].items():
        added = {tag: ElementRule(tag, kind, repeats=repeats) for tag, (kind, repeats) in elements.items()}
        types[name] = {**types.get(name, {}), **added}
    for name, values in later["values"].items():
        enums[name] = enums.get(name, frozenset()) | frozenset(values)
    return Grammar(types, enums, bases)


def check_document(document: Document, type_name: str) -> list[Problem]:
    """What the org's parser would say of a file of that type; empty when it reads."""
    root = document.root
    if root.tag != type_name:
        line, column = document.position(root)
        text = f"Error parsing file: Entity type '{type_name}' expected, but the file holds '{root.tag}'"
        return [Problem(text, line, column)]
    return list(_check_element(load_grammar(), document, root, type_name))


def _check_element(grammar: Grammar, document: Document, node: Node, type_name: str) -> Iterator[Problem]:
    rules = grammar.types.get(type_name)
    if rules is None:
        yield from _check_value(grammar, document, node, type_name)
        return
    previous: str | None = None
    seen: set[str] = set()
    for child in node.children:
        rule = rules.get(child.tag)
        if rule is None or child.namespace != METADATA_NAMESPACE:
            name = f"{{{child.namespace}}}{child.tag}" if child.namespace else child.tag
            yield _at(document, child, f"Element {name} invalid at this location in type {type_name}")
        elif child.tag in seen and (child.tag != previous or not rule.repeats):
            yield _at(document, child, f"Element {child.tag} is duplicated at this location in type {type_name}")
        else:
            yield from _check_element(grammar, document, child, _declared_type(grammar, child, rule.type))
        previous = child.tag
        seen.add(child.tag)


def _check_value(grammar: Grammar, document: Document, node: Node, type_name: str) -> Iterator[Problem]:
    if node.is_nil:
        return
    if node.children:
        child = node.children[0]
        name = f"{{{child.namespace}}}{child.tag}"
        yield _at(document, child, f"Element {name} invalid at this location in type {type_name}")
        return
    allowed = grammar.enums.get(type_name)
    text = node.text.strip()
    if allowed is not None and text not in allowed:
        yield _at(document, node, f"'{text}' is not a valid value for the enum '{type_name}'")
    pattern = _VALUE_PATTERNS.get(type_name)
    if pattern is not None and not pattern.fullmatch(text):
        yield _at(document, node, f"'{text}' is not a valid value for the type {type_name}")


def _at(document: Document, node: Node, text: str) -> Problem:
    line, column = document.position(node)
    return Problem(f"Error parsing file: {text}", line, column)


def _declared_type(grammar: Grammar, node: Node, type_name: str) -> str:
    """xsi:type narrows the declared type (CustomMetadataValue.value, SharedTo ...)."""
    declared = node.attributes.get(XSI_TYPE)
    if declared is None:
        return type_name
    local = declared.rpartition(":")[2]
    return local if local in grammar.types else f"xsd:{local}"


def _element_rules(complex_type: Node) -> Iterator[ElementRule]:
    for node in _descend(complex_type):
        if node.tag == "element" and "name" in node.attributes:
            a = node.attributes
            yield ElementRule(
                a["name"],
                _local(a["type"]),
                required=a.get("minOccurs", "1") != "0",
                repeats=a.get("maxOccurs", "1") != "1",
            )


def _with_bases(
    name: str, own: Mapping[str, dict[str, ElementRule]], bases: Mapping[str, str]
) -> dict[str, ElementRule]:
    chain = [name]
    while chain[-1] in bases:
        chain.append(bases[chain[-1]])
    rules: dict[str, ElementRule] = {}
    for base in reversed(chain):
        rules.update(own.get(base, {}))
    return rules


def _local(qualified: str) -> str:
    prefix, _, name = qualified.rpartition(":")
    return qualified if prefix == "xsd" else name


def _descend(node: Node) -> Iterator[Node]:
    for child in node.children:
        yield child
        yield from _descend(child)
