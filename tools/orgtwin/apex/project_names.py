"""The files of a project as they reach an org that has no namespace.

A project of CumulusCI writes tokens where its namespace would stand; CumulusCI fills in nothing when it deploys a project that is
not a package. Any other project with a namespace may write it out before its own names (`ns__Field__c`, `ns.Class`), which mean the
same without: here no org has a namespace.

Source: "Namespace Injection" (CumulusCI documentation); "Salesforce DX Project Configuration" (Salesforce DX Developer Guide).
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


@dataclass(frozen=True, slots=True)
class Source:
    """One file of a project; `plain` takes the namespace out of its name and its text."""

    path: Path
    plain: Callable[[str], str] = str

    @property
    def name(self) -> str:
        return self.plain(self.path.name)

    @property
    def object_name(self) -> str:
        """The object that it belongs to, if it is part of one: the folder above `fields`, `recordTypes` ..."""
        return self.plain(self.path.parents[1].name)

    def content(self) -> bytes:
        raw = self.path.read_bytes()
        text = raw.decode("utf-8", errors="surrogateescape")
        plain = self.plain(text)
        return raw if plain == text else plain.encode("utf-8", errors="surrogateescape")

    def root(self) -> etree._Element:
        """The XML that it holds. Raises XMLSyntaxError."""
        return etree.fromstring(self.content(), _parser(), base_url=str(self.path))


def is_of_cumulusci(folder: Path) -> bool:
    """Does the folder belong to a project of CumulusCI?"""
    return any((place / "cumulusci.yml").is_file() for place in _upwards(folder))


def _upwards(folder: Path) -> tuple[Path, ...]:
    whole = folder.resolve()
    return (whole, *whole.parents)


def plain_names(folder: Path) -> Callable[[str], str]:
    """What takes the namespace out of the texts of the project that a folder belongs to."""
    if is_of_cumulusci(folder):
        return partial(_TOKEN.sub, lambda found: _TOKENS[found[0]])
    for place in _upwards(folder):
        namespace = _namespace(place / "sfdx-project.json")
        if namespace:
            return partial(re.compile(rf"\b{re.escape(namespace)}(?:__|\.)(?=[A-Za-z])", re.I).sub, "")
    return str


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)


def _namespace(configuration: Path) -> str:
    try:
        return str(json.loads(configuration.read_text(encoding="utf-8")).get("namespace") or "")
    except (OSError, ValueError, AttributeError):
        return ""
