"""A package as components, each as flat elements, and what differs between two of them. Pure.

An element's name is its path: `length`, `valueSet.valueSetDefinition.value[Manual].label`, `fieldPermissions[Contract.X].readable`.
Repeated elements are told apart by what identifies them, and by their place where nothing does. Their order does not count, except
where people see it (`ORDERED`): there the element `columns[]` holds the order, a line each. An element that is false or empty says
nothing: a retrieve writes out booleans that nobody ever set.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clmkit.codegen.mdapi import BUNDLE_KINDS, CODE_KINDS, FOLDER_KINDS, META, OBJECT_PARTS, XML_KINDS
from clmkit.codegen.xml import Body, Typed, Value, parse_component

IDENTITIES = (
    "fullName",
    "field",
    "object",
    "apexClass",
    "name",
    "recordType",
    "tab",
    "pageOrSobjectType",
    "actionName",
    "picklist",
    "relatedList",
    "label",
)
INSIDE = (("componentInstance", "componentName"), ("fieldInstance", "fieldItem"))
"""What identifies an item of a page, which stands one level below. Source: Metadata API Developer Guide, "FlexiPage"."""
ORDERED: Mapping[str, frozenset[str]] = {
    "CompactLayout": frozenset(("fields",)),
    "CustomApplication": frozenset(("tabs",)),
    "Dashboard": frozenset(("components",)),
    "FieldSet": frozenset(("displayedFields",)),
    "FlexiPage": frozenset(("itemInstances",)),
    "Layout": frozenset(("fields", "layoutColumns", "layoutItems", "layoutSections", "relatedLists")),
    "ListView": frozenset(("columns", "filters")),
    "Report": frozenset(("columns", "criteriaItems", "groupingsDown")),
    "ReportType": frozenset(("columns",)),
}
"""Metadata type -> the repeated elements whose order people see."""
ORDER = "[]"
"""Ends the path of the element that holds an order."""
UNCOUNTED: Mapping[str, frozenset[str]] = {"FlexiPage": frozenset(("identifier",))}
"""Metadata type -> elements that nobody sees: the App Builder names the items of a page anew as it likes."""
NO_ORDER: frozenset[str] = frozenset()
RETIRED = re.compile(r"(valueSet\.valueSetDefinition\.value|customValue|standardValue)\[.*\]\.isActive$")
SINGLE = frozenset(("nameField",))
"""Elements that stand once although they have what identifies others."""

SAID_BY_NAME = {"allInternalUsers": "true"}
"""Elements that say something although they hold nothing."""

SOURCE = "source"
"""The element that holds the code of an Apex class or trigger."""

UNSAID = {
    "compactLayoutAssignment": "SYSTEM",
    "deploymentStatus": "Deployed",
    "status": "Active",
    "visibility": "Public",
}
"""What an org writes out for an element that nobody set. Source: Metadata API Developer Guide, "CustomObject", "ApexClass"."""

Elements = Mapping[str, str]


@dataclass(frozen=True, slots=True, order=True)
class Key:
    """A component's identity in an org."""

    metadata_type: str
    full_name: str

    def __str__(self) -> str:
        return f"{self.metadata_type} {self.full_name}"


@dataclass(frozen=True, slots=True)
class ElementChange:
    """One element that differs; empty means: not there."""

    path: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ComponentChange:
    """One component that differs. `before` and `after` are None where it does not exist."""

    key: Key
    before: Elements | None
    after: Elements | None

    @property
    def elements(self) -> tuple[ElementChange, ...]:
        old, new = self.before or {}, self.after or {}
        paths = sorted(old.keys() | new.keys())
        rows = (ElementChange(path, old.get(path, ""), new.get(path, "")) for path in paths)
        return tuple(row for row in rows if row.before != row.after)


Components = Mapping[Key, Elements]


def read_components(files: Mapping[str, bytes]) -> dict[Key, Elements]:
    """The components of a package in Metadata API format (path -> bytes). A kind that the kit does not make is left out."""
    found: dict[Key, Elements] = {}
    for path, content in sorted(files.items()):
        folder, _, name = path.partition("/")
        if folder == "objects":
            found.update(_read_object(name.removesuffix(".object"), content))
        elif folder in CODE_KINDS:
            _read_code(found, folder, name, content)
        elif folder in BUNDLE_KINDS:
            found.update(_read_bundle(folder, name.rpartition(".")[0], content))
        elif folder in FOLDER_KINDS:
            own = name.removesuffix(META) if name.endswith(META) else name.rpartition(".")[0]
            found[Key(FOLDER_KINDS[folder][0], own)] = flatten(*_read(content))
        elif folder in XML_KINDS:
            key = Key(XML_KINDS[folder], name.rpartition(".")[0])
            found[key] = flatten(*_read(content))
    return found


def _read(content: bytes) -> tuple[Body, str]:
    metadata_type, body = parse_component(content)
    return body, metadata_type


def _read_bundle(folder: str, name: str, content: bytes) -> Iterator[tuple[Key, Elements]]:
    """The components of a file that holds many, and the file itself."""
    file_type, element, member_type, is_qualified = BUNDLE_KINDS[folder]
    _, body = parse_component(content)
    for part in _as_list(body.get(element, [])):
        if isinstance(part, dict):
            own = str(part["fullName"])
            yield Key(member_type, f"{name}.{own}" if is_qualified else own), flatten(part)
    rest = {key: value for key, value in body.items() if key not in (element, "fullName")}
    yield Key(file_type, name), flatten(rest)


def _read_code(found: dict[Key, Elements], folder: str, name: str, content: bytes) -> None:
    metadata_type, suffix = CODE_KINDS[folder]
    key = Key(metadata_type, name.removesuffix(META).removesuffix(suffix))
    own = flatten(parse_component(content)[1]) if name.endswith(META) else {SOURCE: content.decode("utf-8", "replace")}
    found[key] = {**found.get(key, {}), **own}


def _read_object(name: str, content: bytes) -> Iterator[tuple[Key, Elements]]:
    """The object, when the file says more than its parts, and its parts."""
    _, body = parse_component(content)
    own: dict[str, Value] = dict(body)
    for element, metadata_type in OBJECT_PARTS.values():
        for part in _as_list(own.pop(element, [])):
            if isinstance(part, dict):
                yield Key(metadata_type, f"{name}.{part['fullName']}"), flatten(part, metadata_type)
    own.pop("fullName", None)
    if own:
        yield Key("CustomObject", name), flatten(own)


def _as_list(value: Value) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def flatten(body: Body, metadata_type: str = "") -> Elements:
    """Every element that says something, by its path."""
    reading = _Reading(ORDERED.get(metadata_type, NO_ORDER), UNCOUNTED.get(metadata_type, NO_ORDER))
    said = {path: text for path, text in reading.flatten(body, "") if _is_said(path, text) and path != "fullName"}
    return {path: text for path, text in said.items() if UNSAID.get(path) != text and not _is_standard(path, said)}


def _is_said(path: str, text: str) -> bool:
    """Whether an element says anything. Of a picklist value `false` does: it is active where nothing is said ("CustomValue")."""
    if RETIRED.match(path):
        return text == "false"
    return text not in ("", "false")


def _is_standard(path: str, said: Elements) -> bool:
    """An action that a retrieved object lists and that nobody overrode."""
    return path.startswith("actionOverrides[") and said.get(f"{path.partition(']')[0]}].type") == "Default"


@dataclass(frozen=True, slots=True)
class _Reading:
    """How one type of component is read."""

    ordered: frozenset[str]
    uncounted: frozenset[str]

    def flatten(self, body: Body, prefix: str) -> Iterator[tuple[str, str]]:
        for name, value in body.items():
            if name in self.uncounted:
                continue
            if type(value) is str and name not in self.ordered:  # almost every element of a large project
                yield f"{prefix}{name}", value or SAID_BY_NAME.get(name, "")
                continue
            items = value if isinstance(value, list) else [value]
            path, is_ordered = f"{prefix}{name}", name in self.ordered
            if is_ordered and all(isinstance(item, str) for item in items):
                yield f"{path}{ORDER}", "\n".join(map(str, items))
            else:
                yield from self._items(path, name, items, is_ordered=is_ordered, is_list=isinstance(value, list))

    def _items(
        self, path: str, name: str, items: Sequence[object], *, is_ordered: bool, is_list: bool
    ) -> Iterator[tuple[str, str]]:
        named = _name_items([_identify(item) for item in items], is_ordered=is_ordered)
        if is_ordered and any(map(_identify, items)):
            yield f"{path}{ORDER}", "\n".join(named)
        for own, item in zip(named, items, strict=True):
            if isinstance(item, Mapping):
                label = f"[{own}]" if own and name not in SINGLE else ""
                yield from self.flatten(item, f"{path}{label}.")
            elif not (is_ordered and item == ""):
                text = item.text if isinstance(item, Typed) else str(item) or SAID_BY_NAME.get(name, "")
                text = {"True": "true", "False": "false"}.get(text, text)
                yield (f"{path}[{text}]", "true") if is_list else (path, text)


def _identify(item: object) -> str:
    if not isinstance(item, Mapping):
        return ""
    inside = next((item[outer][inner] for outer, inner in INSIDE if outer in item and inner in item[outer]), "")
    return str(inside or next((item[key] for key in IDENTITIES if key in item), ""))


def _name_items(identities: Sequence[str], *, is_ordered: bool) -> list[str]:
    """Identities, the second of the same name with its number; places where nothing identifies what has one."""
    if len(identities) == 1 and not is_ordered:
        return list(identities)
    seen: Counter[str] = Counter()
    names = []
    for identity in identities:
        seen[identity] += 1
        again = (is_ordered and not identity) or seen[identity] > 1
        names.append(f"{identity}#{seen[identity]}" if again else identity)
    return names


def read_order(elements: Elements, path: str) -> list[str]:
    """The repeated elements of a path where their order counts."""
    return elements.get(f"{path}{ORDER}", "").split("\n") if f"{path}{ORDER}" in elements else []


def without_retired(org: Components, wanted: Components) -> dict[Key, Elements]:
    """What the org holds, without inactive values of which the wanted state says nothing.

    A value that a deploy leaves out stays in the org, inactive, and no API deletes it. Source: Metadata API Developer Guide,
    "StandardValueSet", "GlobalValueSet"; that it is so for a field's own values is ASSUMED.
    """
    return {key: _without_retired(held, wanted[key]) if key in wanted else held for key, held in org.items()}


def _without_retired(held: Elements, wanted: Elements) -> Elements:
    gone = tuple(
        value
        for path, text in held.items()
        if RETIRED.match(path)
        and text == "false"
        and f"{(value := path.removesuffix('isActive'))}fullName" not in wanted
    )
    return {path: text for path, text in held.items() if not path.startswith(gone)} if gone else held


def compare_components(before: Components, after: Components) -> tuple[ComponentChange, ...]:
    """What differs, in the order of the keys."""
    rows = (ComponentChange(key, before.get(key), after.get(key)) for key in sorted(before.keys() | after.keys()))
    return tuple(row for row in rows if row.before is None or row.after is None or row.elements)


def digest(elements: Elements | None) -> str:
    """The fingerprint of a component; empty for one that is not there."""
    return "" if elements is None else hashlib.sha256(json.dumps(elements, sort_keys=True).encode()).hexdigest()
