"""Metadata: the components and results of a deploy from Apex, as values, and as the elements of their files.

metadata_values.txt has a line for each: `enum Name Constant ...`, `class Name property:Type ...`, `class Name:Base ...` where it
extends another. Source: the class and enum pages of the Metadata namespace (Apex Reference Guide); a name that Apex keeps for
itself ends in `_x` (page_x, Default_x) and stands without it in a file. ASSUMED: a new value's lists are empty; those of a
component that was retrieved are null where its file has none, as public tests keep such a layout.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from importlib.resources import files

from orgtwin.apex.classes import ApexClass
from orgtwin.apex.library.objects import STATUS_CODES
from orgtwin.apex.library.properties import Properties, add_property
from orgtwin.apex.library.signatures import declare, system_class, system_enum, type_of
from orgtwin.apex.text import to_text
from orgtwin.apex.types import BOOLEAN, INTEGER, Kind, Type
from orgtwin.apex.values import ApexList, EnumConstant, Value
from orgtwin.metadata.results import nil
from orgtwin.metadata.xml import XSI_TYPE, Node, leaf

SPACE = "Metadata"
_KEPT = "_x"
system_enum("StatusCode", STATUS_CODES, namespace=SPACE)
MAKERS: dict[ApexClass, Callable[[], Properties]] = {}
"""What makes an empty value of each class; JSON makes them too (ASSUMED, from public tests)."""


def _value_class(name: str, fields: Mapping[str, str], extends: ApexClass | None) -> None:
    """A class of public properties; those that are lists start empty."""
    cls = declare(name, namespace=SPACE)
    lists = {field.lower(): type_name for field, type_name in fields.items() if type_name.startswith("List<")}

    def make() -> Properties:
        made = Properties(cls.type)
        made.values.update({key: ApexList(type_of(type_name), []) for key, type_name in lists.items()})
        return made

    MAKERS[cls] = make
    system_class(name, {}, namespace=SPACE, constructors={"()": make}, extends=extends)
    for field, type_name in fields.items():
        add_property(cls, field, type_of(type_name))


def _declare_values() -> None:
    lines = files("orgtwin.apex.library").joinpath("metadata_values.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        kind, shown, rest = line.split(" ", 2)
        if kind == "enum":
            system_enum(shown, rest, namespace=SPACE)
            continue
        name, _, base = shown.partition(":")
        fields = dict(field.split(":", 1) for field in rest.split())
        _value_class(name, fields, declare(base, namespace=SPACE) if base else None)


_declare_values()


# As the elements of a file


def component_of(type_name: str, full_name: str, body: Node) -> Properties:
    """The value of a component that is retrieved."""
    made = _read_class(declare(type_name, namespace=SPACE), body)
    made.values["fullname"] = full_name
    return made


def _read_class(cls: ApexClass, node: Node) -> Properties:
    made = Properties(cls.type)
    found: dict[str, list[Node]] = {}
    for child in node.children:
        found.setdefault(child.tag.lower(), []).append(child)
    for key, variable in _variables(cls):
        nodes = found.get(key) or found.get(key.removesuffix(_KEPT))
        if nodes:
            made.values[key] = _read_all(variable, nodes)
    return made


def _variables(cls: ApexClass) -> Iterator[tuple[str, Type]]:
    """Lower-case names of properties with their types, those of the class itself last."""
    for one in reversed(list(cls.chain())):
        yield from ((key, variable.type) for key, variable in one.variables.items())


def _read_all(type_: Type, nodes: list[Node]) -> Value:
    if type_.kind is Kind.COLLECTION:
        return ApexList(type_, [_read(type_.args[0], node) for node in nodes])
    return _read(type_, nodes[0])


def _read(type_: Type, node: Node) -> Value:
    cls = type_.cls
    if cls is not None and cls in MAKERS:
        return _read_class(cls, node)
    if cls is not None and cls.is_enum:
        key = node.text.lower()
        return cls.constants.get(key) or cls.constants.get(key + _KEPT)
    reader = _READERS.get(type_) or _BY_XML_TYPE.get(node.attributes.get(XSI_TYPE, "").rpartition(":")[2], str)
    return None if node.is_nil else reader(node.text)


def _flag(text: str) -> bool:
    return text in ("true", "1")


_READERS: Mapping[Type, Callable[[str], Value]] = {BOOLEAN: _flag, INTEGER: int}
_BY_XML_TYPE: Mapping[str, Callable[[str], Value]] = {
    "boolean": _flag,
    "date": date.fromisoformat,
    "dateTime": lambda text: datetime.fromisoformat(text).astimezone(UTC),
    "double": float,
    "int": int,
}
"""Of a value whose element says its type."""


def element_of(component: Properties) -> Node:
    """What the file of a component says; its full name is not in it."""
    whole = _element(component.apex_type.name.rpartition(".")[2], component)
    return whole.without(("fullName",))


def _children(cls: ApexClass, value: Properties) -> Iterator[Node]:
    for one in reversed(list(cls.chain())):
        for key, variable in one.variables.items():
            item, tag = value.values.get(key), variable.name.removesuffix(_KEPT)
            if variable.type.key == "object":
                yield _typed(tag, item)
            elif isinstance(item, ApexList):
                yield from (_element(tag, part) for part in item.items)
            elif item is not None:
                yield _element(tag, item)


def _element(tag: str, item: Value) -> Node:
    if isinstance(item, Properties):
        cls = item.apex_type.cls
        return Node(tag, children=tuple(_children(cls, item)) if cls is not None else ())
    return leaf(tag, item.name.removesuffix(_KEPT) if isinstance(item, EnumConstant) else item)


_XML_TYPES: tuple[tuple[type | tuple[type, ...], str, Callable[[Value], str]], ...] = (
    (bool, "boolean", lambda value: str(value).lower()),
    ((int, float, Decimal), "double", to_text),
    (datetime, "dateTime", lambda value: value.strftime("%Y-%m-%dT%H:%M:%S.000Z")),
    (date, "date", date.isoformat),
    (object, "string", to_text),
)


def _typed(tag: str, value: Value) -> Node:
    """A value of any type says of which: "CustomMetadataValue" (Metadata API Developer Guide)."""
    if value is None:
        return nil(tag)
    name, text = next((name, text) for kinds, name, text in _XML_TYPES if isinstance(value, kinds))
    return Node(tag, text(value), attributes={XSI_TYPE: f"xsd:{name}"})
