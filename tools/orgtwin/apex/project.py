"""An SFDX project on disk: Apex sources, and the metadata that Apex needs, as Metadata API files.

Source format puts each child of an object in its own file; the Metadata API wants one file an object. Only the folders in
_PLAIN_FOLDERS and objects are read: the rest is not needed to run Apex.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from lxml import etree

_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_CHILD_FOLDERS = {
    "fields": "fields",
    "recordTypes": "recordTypes",
    "validationRules": "validationRules",
    "fieldSets": "fieldSets",
    "listViews": "listViews",
    "compactLayouts": "compactLayouts",
}
_TYPES = {
    "classes": "ApexClass",
    "triggers": "ApexTrigger",
    "objects": "CustomObject",
    "labels": "CustomLabels",
    "customMetadata": "CustomMetadata",
    "customPermissions": "CustomPermission",
    "permissionsets": "PermissionSet",
    "globalValueSets": "GlobalValueSet",
    "standardValueSets": "StandardValueSet",
    "settings": "Settings",
    "flows": "Flow",
}
_PLAIN_FOLDERS = tuple(name for name in _TYPES if name not in ("objects", "classes", "triggers"))
_VISIBILITIES = frozenset(
    (
        *("agentAccesses", "applicationVisibilities", "emailRoutingAddressAccesses", "externalDataSourceAccesses"),
        *(
            "externalCredentialPrincipalAccesses",
            "flowAccesses",
            "pageAccesses",
            "tabSettings",
            "customSettingAccesses",
        ),
    )
)
_CODE = (".cls", ".trigger")
_ENDINGS = ("-meta.xml", ".labels", ".md", ".permissionset", ".settings", ".flow")
_SKIPPED = frozenset((".git", "node_modules", ".sfdx", ".sf", "build"))


@dataclass(slots=True)
class Project:
    """Apex by file name, labels by name, metadata files by path inside a deploy package."""

    apex: dict[str, str] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)


class ProjectUnreadable(Exception):
    """A file that is gone or no XML: str() says which and where."""


def read_project(root: Path) -> Project:
    """Everything under a folder; later files of the same name win. Raises ProjectUnreadable."""
    try:
        return _read(root)
    except (OSError, etree.XMLSyntaxError) as error:
        raise ProjectUnreadable(f"{root} cannot be read: {error}") from error


def _read(root: Path) -> Project:
    project = Project()
    objects: dict[str, list[Path]] = {}
    for path in find_sources(root):
        folder = _folder_of(path)
        if path.suffix in _CODE:
            project.apex[path.stem] = path.read_text(encoding="utf-8", errors="replace")
            _add_source(project, path)
        elif folder == "objects":
            parts = path.parts
            at = len(parts) - 1 - parts[::-1].index("objects")
            objects.setdefault(parts[at + 1].split(".", 1)[0], []).append(path)
        else:
            content = path.read_bytes() if folder != "permissionsets" else _permission_set(path)
            project.files[f"{folder}/{path.name.removesuffix('-meta.xml')}"] = content
            if folder == "labels":
                project.labels.update(_labels(path))
    for name, paths in sorted(objects.items()):
        project.files[f"objects/{name}.object"] = _compose(paths)
    project.files["package.xml"] = _manifest(project.files)
    return project


def _add_source(project: Project, path: Path) -> None:
    """The class or trigger as a component, so that code that queries ApexClass finds it."""
    folder, kind = ("classes", "ApexClass") if path.suffix == ".cls" else ("triggers", "ApexTrigger")
    meta = f'<{kind} xmlns="{_NAMESPACE}"><apiVersion>66.0</apiVersion><status>Active</status></{kind}>'
    project.files[f"{folder}/{path.name}"] = path.read_bytes()
    project.files[f"{folder}/{path.name}-meta.xml"] = meta.encode()


def find_sources(root: Path) -> Iterator[Path]:
    """The files under a folder that are read, by path; any other may change without a difference."""
    for path in sorted(root.rglob("*")):
        if not path.is_file() or path.is_symlink() or _SKIPPED.intersection(path.relative_to(root).parts):
            continue
        folder = _folder_of(path)
        if path.suffix in _CODE or folder == "objects" or (folder in _PLAIN_FOLDERS and path.name.endswith(_ENDINGS)):
            yield path


def _folder_of(path: Path) -> str:
    return next((part for part in reversed(path.parts[:-1]) if part in _TYPES), "")


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)


def _permission_set(path: Path) -> bytes:
    """A permission set without the visibility of what is not read here: no Apex asks for it."""
    root = etree.parse(path, _parser()).getroot()
    for element in list(root):
        if etree.QName(element).localname in _VISIBILITIES:
            root.remove(element)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _labels(path: Path) -> dict[str, str]:
    root = etree.parse(path, _parser()).getroot()
    found: dict[str, str] = {}
    for label in root.iter(f"{{{_NAMESPACE}}}labels"):
        name, value = label.findtext(f"{{{_NAMESPACE}}}fullName"), label.findtext(f"{{{_NAMESPACE}}}value")
        if name and value is not None:
            found[name.lower()] = value
    return found


def _compose(paths: list[Path]) -> bytes:
    """One CustomObject file out of the object's own file and its children's."""
    root = etree.Element(f"{{{_NAMESPACE}}}CustomObject", nsmap={None: _NAMESPACE})  # type: ignore[dict-item]  # lxml takes None for the default
    for path in sorted(paths, key=lambda p: not p.name.startswith(p.parent.name)):
        element = etree.parse(path, _parser()).getroot()
        tag = _CHILD_FOLDERS.get(path.parent.name)
        if path.name.endswith((".object-meta.xml", ".object")):
            root.extend(list(element))
        elif tag in ("fields", "recordTypes", "validationRules"):
            element.tag = f"{{{_NAMESPACE}}}{tag}"
            root.append(element)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _manifest(files: dict[str, bytes]) -> bytes:
    members: dict[str, list[str]] = {}
    for path in files:
        folder, _, name = path.partition("/")
        if name.endswith("-meta.xml"):
            continue
        members.setdefault(_TYPES[folder], []).append(name.rsplit(".", 1)[0])
    package = ElementTree.Element("Package", xmlns=_NAMESPACE)
    for type_name, names in sorted(members.items()):
        types = ElementTree.SubElement(package, "types")
        for name in sorted(names) if type_name != "CustomLabels" else ["*"]:
            ElementTree.SubElement(types, "members").text = name
        ElementTree.SubElement(types, "name").text = type_name
    ElementTree.SubElement(package, "version").text = "66.0"
    return bytes(ElementTree.tostring(package, encoding="utf-8", xml_declaration=True))
