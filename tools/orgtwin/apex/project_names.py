"""The files of a project as they reach an org that has no namespace.

A project of CumulusCI writes tokens where its namespace would stand; CumulusCI fills in nothing when it deploys a project that is
not a package. Any other project with a namespace may write it out before its own names (`ns__Field__c`, `ns.Class`), which mean the
same without: here no org has a namespace.

A project that an org has as a managed package keeps its namespace: whatever of its own the text names without one gets it, names of
other packages stay as they are.

Source: "Namespace Injection" (CumulusCI documentation); "Salesforce DX Project Configuration" (Salesforce DX Developer Guide);
"Namespace Prefix" (Apex Developer Guide); "Register a Namespace for a Managed Package" (ISVforce Guide).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lxml import etree

_TOKENS = {
    "___NAMESPACE___": "",
    "___NAMESPACED_ORG___": "",
    "%%%NAMESPACE%%%": "",
    "%%%NAMESPACE_DOT%%%": "",
    "%%%NAMESPACED_ORG%%%": "",
    "%%%NAMESPACE_OR_C%%%": "c",
    "%%%NAMESPACED_ORG_OR_C%%%": "c",
}
_TOKEN = re.compile("|".join(map(re.escape, _TOKENS)))


_METADATA, _TOOLING = b"http://soap.sforce.com/2006/04/metadata", b"urn:metadata.tooling.soap.sforce.com"
"""The XML namespace of components, and the one that editors which save through the Tooling API write; orgs take both (ASSUMED, from
public projects)."""

_LABEL = re.compile(r"(\$Label\.)(?!c\.)(\w+)\b")
_CUSTOM = re.compile(
    r"(?<![\w$])([A-Za-z](?:_?[A-Za-z0-9])*__(?:c|r|mdt|e|b|x|kav|Share|History|Feed|ChangeEvent|pc|pr|Tag))\b"
)
"""A custom name that no namespace stands before."""

_PREFIXED_FILES = frozenset(
    (
        *("customPermission", "permissionset", "permissionsetgroup", "mutingpermissionset", "globalValueSet", "flow"),
        *("page", "resource", "namedCredential", "externalCredential", "remoteSite"),
    )
)
"""Endings of components whose name is their file's."""

_TAGS = frozenset(("relationshipName", "valueSetName"))
_NAMED_TAGS = frozenset((("fieldSets", "fullName"), ("labels", "fullName"), ("FieldSet", "fullName")))
"""Elements, and elements of others, that hold a name of the project which no ending marks as custom."""


@dataclass(frozen=True, slots=True)
class Names:
    """What becomes of a project's names in the org: `plain` changes its texts; `namespace` is that of a managed package."""

    plain: Callable[[str], str] = str
    namespace: str = ""

    def prefixed(self, name: str) -> str:
        return f"{self.namespace}__{name}" if self.namespace and "__" not in name else name

    def file_name(self, name: str, kind: str) -> str:
        if kind == "md" and self.namespace:
            return ".".join((*map(self.prefixed, name.split(".")[:2]), *name.split(".")[2:]))
        return self.prefixed(name) if kind in _PREFIXED_FILES else self.plain(name)

    def complete(self, root: etree._Element) -> etree._Element:
        """Give the package's namespace to the names in a component that no ending marks as custom."""
        for element in root.iter(etree.Element) if self.namespace else ():
            tag = etree.QName(element).localname
            parent = element.getparent()
            within = "" if parent is None else etree.QName(parent).localname
            if element.text and (tag in _TAGS or (within, tag) in _NAMED_TAGS):
                element.text = self.prefixed(element.text.strip())
        return root


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a project, as `names` say that it reaches the org."""

    path: Path
    names: Names = Names()
    kind: str = ""

    @property
    def name(self) -> str:
        return self.names.file_name(self.path.name, self.kind)

    @property
    def object_name(self) -> str:
        """The object that it belongs to, if it is part of one: the folder above `fields`, `recordTypes` ..."""
        return self.names.plain(self.path.parents[1].name)

    def content(self) -> bytes:
        raw = self.path.read_bytes()
        text = raw.decode("utf-8", errors="surrogateescape")
        plain = self.names.plain(text)
        return raw if plain == text else plain.encode("utf-8", errors="surrogateescape")

    def root(self) -> etree._Element:
        """The XML that it holds. Raises XMLSyntaxError."""
        content = self.content().replace(_TOOLING, _METADATA)
        return self.names.complete(etree.fromstring(content, _parser(), base_url=str(self.path)))


def is_of_cumulusci(folder: Path) -> bool:
    """Does the folder belong to a project of CumulusCI?"""
    return any((place / "cumulusci.yml").is_file() for place in _upwards(folder))


def is_of_an_org(folder: Path) -> bool:
    """Is it what was retrieved from an org: a manifest beside its folders, no project around it?"""
    manifest = any((folder / place / "package.xml").is_file() for place in ("", "src"))
    return manifest and not any((place / "sfdx-project.json").is_file() for place in _upwards(folder))


def _upwards(folder: Path) -> tuple[Path, ...]:
    whole = folder.resolve()
    return (whole, *whole.parents)


def names_of(folder: Path, package: str = "") -> Names:
    """The names of the project that a folder belongs to; `package` is the namespace that the org has it under."""
    if package:
        return Names(partial(_as_package, package), package)
    if is_of_cumulusci(folder):
        return Names(_without_tokens)
    for place in _upwards(folder):
        namespace = _namespace(place / "sfdx-project.json")
        if namespace:
            return Names(partial(_without_namespace, namespace))
    return Names()


def _without_namespace(namespace: str, text: str) -> str:
    """A variable of the namespace's name hides it, and an address only happens to hold it."""
    name = re.escape(namespace)
    is_variable = re.search(rf"[\w>\]]\s+{name}\s*[=;:,)]", text, re.I) is not None
    dotted = "" if is_variable else rf"|(?<![/.])\b{name}\."
    return re.sub(rf"(?:\b{name}__{dotted})(?=[A-Za-z])", "", text, flags=re.I)


def _without_tokens(text: str) -> str:
    return _TOKEN.sub(lambda found: _TOKENS[found[0]], text)


def _as_package(namespace: str, text: str) -> str:
    text = _CUSTOM.sub(rf"{namespace}__\1", _without_tokens(text))
    return _LABEL.sub(lambda found: found[0] if "__" in found[2] else f"{found[1]}{namespace}__{found[2]}", text)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)


def _namespace(configuration: Path) -> str:
    try:
        return str(json.loads(configuration.read_text(encoding="utf-8")).get("namespace") or "")
    except (OSError, ValueError, AttributeError):
        return ""
