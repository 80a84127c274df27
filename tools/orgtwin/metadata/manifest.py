"""package.xml and its destructive sisters: which components a deploy or retrieve is about.

Source: "Sample package.xml Manifest Files" and "Deleting Components from an Organization" (Metadata API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from orgtwin.metadata.xml import METADATA_NAMESPACE, MalformedXml, Node, leaf, parse_document, render_document

WILDCARD = "*"


class ManifestRefused(Exception):
    """package.xml cannot be read; `line` and `column` from 1."""

    def __init__(self, text: str, line: int = 1, column: int = 1) -> None:
        super().__init__(text)
        self.text = text
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Manifest:
    """Members by type, in file order. `package` is the fullName of an unmanaged package, when the manifest names one."""

    members: Mapping[str, tuple[str, ...]]
    version: str | None = None
    package: str | None = None

    def names(self) -> list[tuple[str, str]]:
        """(type, member) pairs, wildcards among them."""
        return [(type_name, member) for type_name, members in self.members.items() for member in members]


def parse_manifest(source: bytes) -> Manifest:
    """Read a manifest file. Raises ManifestRefused."""
    try:
        document = parse_document(source)
    except MalformedXml as error:
        raise ManifestRefused(f"Error parsing file: {error.message}", error.line, error.column) from error
    root = document.root
    if root.tag != "Package":
        name = f"{{{root.namespace}}}{root.tag}"
        raise ManifestRefused(
            f"Error parsing file: Element {name} invalid at this location in type Package", *document.position(root)
        )
    return manifest_of(root)


def manifest_of(package: Node) -> Manifest:
    """A manifest from its element, whatever it is called (Package in a file, unpackaged in a retrieve request)."""
    members: dict[str, tuple[str, ...]] = {}
    for types in package.all("types"):
        name = (types.value("name") or "").strip()
        if not name:
            raise ManifestRefused("Required field is missing: name")
        members[name] = members.get(name, ()) + tuple(member.strip() for member in types.values("members"))
    return Manifest(members, package.value("version"), package.value("fullName"))


def render_manifest(members: Iterable[tuple[str, str]], version: str, package: str | None = None) -> bytes:
    """package.xml as retrieve writes it: types and members sorted, each once."""
    by_type: dict[str, set[str]] = {}
    for type_name, member in members:
        by_type.setdefault(type_name, set()).add(member)
    nodes = [leaf("fullName", package)] if package else []
    for type_name in sorted(by_type):
        rows = [leaf("members", member) for member in sorted(by_type[type_name])]
        nodes.append(Node("types", children=(*rows, leaf("name", type_name))))
    nodes.append(leaf("version", version))
    return render_document(Node("Package", children=tuple(nodes), namespace=METADATA_NAMESPACE))
