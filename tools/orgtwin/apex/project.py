"""An SFDX project on disk: Apex sources, and the metadata that Apex needs, as Metadata API files.

Source format puts each child of an object in its own file; the Metadata API wants one file an object. What an ending of
project_files does not name is not read: it is not needed to run Apex.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from glob import escape
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from lxml import etree

from orgtwin.apex.project_files import CHILDREN, KINDS, find_sources, kind_of
from orgtwin.apex.retired_metadata import modernize, remove_retired
from orgtwin.metadata.catalogue import load_types
from orgtwin.schema.model import Schema
from orgtwin.schema.standard_objects import standard_schema

_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
_VERSION = "66.0"
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
_MANY = frozenset((*CHILDREN.values(), "listViews", "webLinks", "compactLayouts", "actionOverrides", "sharingReasons"))
"""Elements that stand in an object's file any number of times."""


@dataclass(slots=True)
class Project:
    """Apex and its API versions by file name, labels by name, metadata files by path inside a deploy package.

    `own` are the classes and triggers of the last folder, which is the one whose tests are meant; `left_out` says what of the
    folders does not reach the org although Apex may notice.
    """

    apex: dict[str, str] = field(default_factory=dict)
    versions: dict[str, float] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    own: frozenset[str] = frozenset()
    left_out: list[str] = field(default_factory=list)


class ProjectUnreadable(Exception):
    """A file that is gone or no XML: str() says which and where."""


def read_project(root: Path, before: Sequence[Path] = ()) -> Project:
    """Everything of some folders; later files of the same name win. Raises ProjectUnreadable.

    `before`: the folders of projects that this one builds on, read first.
    """
    project = Project()
    objects: dict[str, list[Path]] = {}
    for folder in (*before, root):
        try:
            project.own = frozenset(_read(folder, project, objects))
        except (OSError, etree.XMLSyntaxError) as error:
            raise ProjectUnreadable(f"{folder} cannot be read: {error}") from error
    for name, paths in sorted(objects.items()):
        project.files[f"objects/{name}.object"] = _compose(paths, told_to_parent=name != "Event")
    project.files["package.xml"] = _manifest(project.files)
    return project


def _read(folder: Path, project: Project, objects: dict[str, list[Path]]) -> Iterator[str]:
    """Read one folder; gives the names of its classes and triggers."""
    for path in find_sources(folder):
        kind = kind_of(path)
        if kind in ("cls", "trigger"):
            _add_source(project, path, KINDS[kind])
            yield path.stem
        elif kind == "object":
            _note_object(objects, path.name.partition(".")[0], path)
        elif kind in CHILDREN:
            _note_object(objects, path.parents[1].name, path)
        elif kind == "page":
            _add_page(project, path)
        elif kind == "resource":
            _add_resource(project, path)
        else:
            content = _permission_set(path, project) if kind == "permissionset" else path.read_bytes()
            project.files[f"{_directory(KINDS[kind])}/{path.name.removesuffix('-meta.xml')}"] = content
            if kind == "labels":
                project.labels.update(_labels(path))


def _note_object(objects: dict[str, list[Path]], name: str, path: Path) -> None:
    """Activity is no object of its own: what is deployed to it is of tasks and events. Source: "Activity" (Metadata API)."""
    for object_name in ("Task", "Event") if name == "Activity" else (name,):
        objects.setdefault(object_name, []).append(path)


def _directory(kind: str) -> str:
    return load_types()[kind].directory


def _add_source(project: Project, path: Path, kind: str) -> None:
    """The class or trigger as a component too, so that code that queries ApexClass finds it."""
    project.apex[path.stem] = path.read_text(encoding="utf-8", errors="replace")
    described = path.with_name(f"{path.name}-meta.xml")
    version = _api_version(described) if described.is_file() else None
    if version is not None:
        project.versions[path.stem] = float(version)
    meta = (
        f'<{kind} xmlns="{_NAMESPACE}"><apiVersion>{version or _VERSION}</apiVersion><status>Active</status></{kind}>'
    )
    project.files[f"{_directory(kind)}/{path.name}"] = path.read_bytes()
    project.files[f"{_directory(kind)}/{path.name}-meta.xml"] = meta.encode()


def _add_page(project: Project, path: Path) -> None:
    """A Visualforce page by its name, which Apex may ask for; nothing renders it."""
    described = path.with_name(f"{path.name}-meta.xml")
    plain = f'<ApexPage xmlns="{_NAMESPACE}"><apiVersion>{_VERSION}</apiVersion><label>{path.stem}</label></ApexPage>'
    project.files[f"pages/{path.name}"] = path.read_bytes()
    project.files[f"pages/{path.name}-meta.xml"] = described.read_bytes() if described.is_file() else plain.encode()


def _add_resource(project: Project, described: Path) -> None:
    """A static resource with its file; a folder is the archive that the sf CLI makes of it."""
    name = described.name.removesuffix(".resource-meta.xml")
    beside = (p for p in sorted(described.parent.glob(f"{escape(name)}*")) if p.name.partition(".")[0] == name)
    content = next((p for p in beside if not p.name.endswith("-meta.xml")), None)
    if content is not None:
        project.files[f"staticresources/{name}.resource"] = (
            _archive(content) if content.is_dir() else content.read_bytes()
        )
        project.files[f"staticresources/{name}.resource-meta.xml"] = described.read_bytes()


def _archive(folder: Path) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.writestr(ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes())
    return buffer.getvalue()


def _api_version(path: Path) -> str | None:
    text = etree.parse(path, _parser()).findtext(f"{{{_NAMESPACE}}}apiVersion")
    return text.strip() if text and text.strip().replace(".", "", 1).isdecimal() else None


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True)


def _permission_set(path: Path, project: Project) -> bytes:
    """A permission set without what is not read here: no Apex asks for the visibility of pages, and a field that the twin's
    standard objects lack is not granted, which is told. A name field has no field-level security and is passed over (ASSUMED)."""
    root = etree.parse(path, _parser()).getroot()
    missing: list[str] = []
    for element in list(root):
        tag = etree.QName(element).localname
        field_name = element.findtext(f"{{{_NAMESPACE}}}field") if tag == "fieldPermissions" else None
        if tag in _VISIBILITIES or (field_name is not None and not _is_grantable(field_name)):
            root.remove(element)
            missing += [field_name] if field_name is not None and not field_name.endswith(".Name") else []
    if missing:
        project.left_out.append(
            f"{path.name}: warning: not granted, since the twin's standard objects lack them: {', '.join(sorted(missing))}"
        )
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


@cache
def _standard() -> Schema:
    return standard_schema()


def _is_grantable(path: str) -> bool:
    object_name, _, name = path.partition(".")
    described = _standard().find_type(object_name)
    return name != "Name" and (name.endswith("__c") or described is None or described.find_field(name) is not None)


def _labels(path: Path) -> dict[str, str]:
    root = etree.parse(path, _parser()).getroot()
    found: dict[str, str] = {}
    for label in root.iter(f"{{{_NAMESPACE}}}labels"):
        name, value = label.findtext(f"{{{_NAMESPACE}}}fullName"), label.findtext(f"{{{_NAMESPACE}}}value")
        if name and value is not None:
            found[name.lower()] = value
    return found


def _compose(paths: list[Path], *, told_to_parent: bool) -> bytes:
    """One CustomObject file out of the object's own files and its children's; the later one wins, element by element.

    A field of Activity is seen from its parent once, through the tasks (ASSUMED).
    """
    found: dict[tuple[str, str], list[etree._Element]] = {}
    for path in paths:
        element = etree.parse(path, _parser()).getroot()
        remove_retired(element)
        child = CHILDREN.get(kind_of(path))
        if not told_to_parent and path.parents[1].name == "Activity":
            etree.strip_elements(element, f"{{{_NAMESPACE}}}relationshipName")
        if child is not None:
            element.tag = f"{{{_NAMESPACE}}}{child}"
        fresh: dict[tuple[str, str], list[etree._Element]] = {}
        for part in (element,) if child is not None else list(element):
            modernize(part)
            fresh.setdefault(_identity(part), []).append(part)
        found.update(fresh)
    root = etree.Element(f"{{{_NAMESPACE}}}CustomObject", nsmap={None: _NAMESPACE})  # type: ignore[dict-item]  # lxml takes None for the default
    for _, parts in sorted(found.items(), key=lambda entry: entry[0][0]):
        root.extend(parts)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _identity(element: etree._Element) -> tuple[str, str]:
    """What a later element must share with an earlier one to take its place: its tag, and its name where there are many."""
    tag = etree.QName(element).localname
    name = element.findtext(f"{{{_NAMESPACE}}}fullName") or element.findtext(f"{{{_NAMESPACE}}}actionName") or ""
    return (tag, name) if tag in _MANY else (tag, "")


def _manifest(files: dict[str, bytes]) -> bytes:
    type_names = {load_types()[kind].directory: kind for kind in KINDS.values()}
    members: dict[str, list[str]] = {}
    for path in files:
        folder, _, name = path.partition("/")
        if name.endswith("-meta.xml"):
            continue
        members.setdefault(type_names[folder], []).append(name.rsplit(".", 1)[0])
    package = ElementTree.Element("Package", xmlns=_NAMESPACE)
    for type_name, names in sorted(members.items()):
        types = ElementTree.SubElement(package, "types")
        for name in sorted(names) if type_name != "CustomLabels" else ["*"]:
            ElementTree.SubElement(types, "members").text = name
        ElementTree.SubElement(types, "name").text = type_name
    ElementTree.SubElement(package, "version").text = _VERSION
    return bytes(ElementTree.tostring(package, encoding="utf-8", xml_declaration=True))
