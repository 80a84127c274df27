"""An SFDX project on disk: Apex sources, and the metadata that Apex needs, as Metadata API files.

Source format puts each child of an object in its own file; the Metadata API wants one file an object. What an ending of
project_files does not name is not read: it is not needed to run Apex.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile, ZipInfo

from lxml import etree

from orgtwin.apex.project_apex import ACTIVE, NEWEST_VERSION, describe, encoding_problem
from orgtwin.apex.project_files import (
    CHILDREN,
    CONTENT,
    FOLDERED,
    FOLDERS,
    KINDS,
    META,
    Base,
    configuration_problems,
    content_of,
    find_sources,
    kind_of,
)
from orgtwin.apex.project_names import Source, is_of_an_org, is_of_cumulusci, names_of
from orgtwin.apex.retired_metadata import modernize, remove_unknown
from orgtwin.metadata.catalogue import load_types
from orgtwin.schema.model import Schema
from orgtwin.schema.standard_objects import standard_schema

_NAMESPACE = "http://soap.sforce.com/2006/04/metadata"
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
_MANY = frozenset(
    ("labels", *CHILDREN.values(), "listViews", "webLinks", "compactLayouts", "actionOverrides", "sharingReasons")
)
"""Elements that stand in an object's file any number of times."""
_CHILD_ROOTS = {ending: f"{ending[0].upper()}{ending[1:]}" for ending in CHILDREN} | {"field": "CustomField"}
"""Root elements of the files below an object's folder."""


@dataclass(slots=True)
class Project:
    """Apex and its API versions by file name (classes without its ending), labels by name, metadata files by path in a deploy.

    `idle` are those whose status is not Active, `own` the classes and triggers of the last folder, which is the one whose tests
    are meant; `fields_open`, whether the administrator sees every field of it; `namespaces`, those of managed packages among the
    projects it builds on; `left_out` says what of the folders does not reach the org although Apex may notice.
    """

    apex: dict[str, str] = field(default_factory=dict)
    versions: dict[str, float] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    idle: set[str] = field(default_factory=set)
    own: frozenset[str] = frozenset()
    fields_open: bool = False
    namespaces: frozenset[str] = frozenset()
    left_out: list[str] = field(default_factory=list)

    def note_unknown(self, name: str, elements: set[str]) -> None:
        if elements:
            shown = ", ".join(sorted(elements))
            self.left_out.append(f"{name}: warning: passed over, the present Metadata API has no such element: {shown}")

    def note_unread(self, name: str, error: etree.XMLSyntaxError) -> None:
        self.left_out.append(f"{name}: Error parsing file: {error}")


class ProjectUnreadable(Exception):
    """A file that is gone: str() says which."""


def read_project(root: Path, before: Sequence[Base] = ()) -> Project:
    """Everything of some folders; later files of the same name win. Raises ProjectUnreadable.

    `before`: the projects that this one builds on, read first.
    """
    project = Project(
        fields_open=is_of_cumulusci(root) or is_of_an_org(root),
        namespaces=frozenset(base.namespace for base in before if base.namespace),
    )
    objects: dict[str, list[Source]] = {}
    for base in (*before, Base(root)):
        try:
            project.own = frozenset(_read(base, project, objects))
        except OSError as error:
            raise ProjectUnreadable(f"{base.folder} cannot be read: {error}") from error
    for name, sources in sorted(objects.items()):
        content, unknown = _compose(project, sources, told_to_parent=name != "Event")
        project.files[f"objects/{name}.object"] = content
        project.note_unknown(f"{name}.object", unknown)
    project.files["package.xml"] = _manifest(project.files)
    return project


def _read(base: Base, project: Project, objects: dict[str, list[Source]]) -> Iterator[str]:
    """Read one folder; gives the names of its classes and triggers."""
    for problem in configuration_problems(base.folder):
        project.left_out.append(problem)
    names = names_of(base.folder, base.namespace)
    unread = 0
    apex: dict[str, Path] = {}
    for path in find_sources(base.folder):
        kind = kind_of(path)
        if not path.name.isprintable():
            project.left_out.append(
                f"{path.name!r}: warning: passed over, since its name is no UTF-8 or holds control characters"
            )
            continue
        source = Source(path, names, kind)
        if kind in ("cls", "trigger"):
            if base.namespace:
                unread += 1
                continue
            other = apex.setdefault(path.name.lower(), path)
            if other is not path:
                project.left_out.append(f"{path.name}: warning: {other} has that name, too; {path} is taken")
            _add_source(project, source, KINDS[kind])
            yield path.stem
        elif kind == "object":
            _note_object(objects, source.name.partition(".")[0], source)
        elif kind in CHILDREN:
            _note_object(objects, source.object_name, source)
        else:
            try:
                _ADDERS.get(kind, _add_component)(project, source, kind)
            except etree.XMLSyntaxError as error:
                project.note_unread(source.name, error)
    if unread:
        project.left_out.append(
            f"{base.namespace}: warning: {unread} classes and triggers of the package are not loaded"
        )


def _add_in_folder(project: Project, source: Source, kind: str) -> None:
    """A report or e-mail template by its path below its type's directory, or one of their folders."""
    directory = _directory(KINDS[kind])
    parts = source.path.parts
    below = next(
        (parts[place + 1 :] for place in range(len(parts) - 1, -1, -1) if parts[place] == directory), parts[-1:]
    )
    name = "/".join(below).removesuffix(META)
    if kind in FOLDERS.values():
        project.files[f"{directory}/{name.removesuffix(f'.{kind}')}{META}"] = etree.tostring(source.root())
        return
    path = f"{directory}/{name}"
    project.files[path] = source.content() if kind in CONTENT else etree.tostring(source.root())
    described = source.path.with_name(source.path.name + META)
    if kind in CONTENT and described.is_file():
        project.files[path + META] = described.read_bytes()


def _add_component(project: Project, source: Source, kind: str) -> None:
    root = source.root()
    project.note_unknown(source.name, remove_unknown(root, KINDS[kind]))
    name = source.name.removesuffix("-meta.xml")
    path = f"{_directory(KINDS[kind])}/{name}"
    if kind == "permissionset":
        _grant_what_is_there(root, source.name, project)
    elif kind == "labels":
        project.labels.update(_labels(root))
        _keep_labels(root, project.files.get(path))
    project.files[path] = etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def _note_object(objects: dict[str, list[Source]], name: str, source: Source) -> None:
    """Activity is no object of its own: what is deployed to it is of tasks and events. Source: "Activity" (Metadata API)."""
    for object_name in ("Task", "Event") if name == "Activity" else (name,):
        objects.setdefault(object_name, []).append(source)


def _directory(kind: str) -> str:
    return load_types()[kind].directory


def _add_source(project: Project, source: Source, kind: str) -> None:
    """The class or trigger as a component too, so that code that queries ApexClass finds it."""
    path, content = source.path, source.content()
    name = path.stem if kind == "ApexClass" else path.name  # a trigger may have the name of a class
    if (problem := encoding_problem(content)) is not None:
        project.left_out.append(f"{path.name}: warning: {problem}; save it as UTF-8 without a byte order mark")
    project.apex[name] = content.decode("utf-8", errors="replace")
    described = describe(path)
    project.left_out += described.problems
    if described.version is not None:
        project.versions[name] = float(described.version)
    if described.status != ACTIVE:
        project.idle.add(name)
    version = f"<apiVersion>{described.version or NEWEST_VERSION}</apiVersion>"
    meta = f'<{kind} xmlns="{_NAMESPACE}">{version}<status>{described.status}</status></{kind}>'
    project.files[f"{_directory(kind)}/{path.name}"] = content
    project.files[f"{_directory(kind)}/{path.name}-meta.xml"] = meta.encode()


def _add_page(project: Project, source: Source, kind: str) -> None:
    """A Visualforce page by its name, which Apex may ask for; nothing renders it."""
    path = source.path
    described = Source(path.with_name(f"{path.name}-meta.xml"), source.names)
    plain = (
        f'<ApexPage xmlns="{_NAMESPACE}"><apiVersion>{NEWEST_VERSION}</apiVersion><label>{path.stem}</label></ApexPage>'
    )
    project.files[f"pages/{source.name}"] = path.read_bytes()
    project.files[f"pages/{source.name}-meta.xml"] = (
        etree.tostring(described.root()) if described.path.is_file() else plain.encode()
    )


def _add_resource(project: Project, source: Source, kind: str) -> None:
    """A static resource with its file; a folder is the archive that the sf CLI makes of it."""
    described, named = source.path, source.name.removesuffix(".resource-meta.xml")
    content = content_of(described)
    if content is not None:
        project.files[f"staticresources/{named}.resource"] = (
            _archive(content) if content.is_dir() else content.read_bytes()
        )
        project.files[f"staticresources/{named}.resource-meta.xml"] = described.read_bytes()


def _add_script(project: Project, source: Source, kind: str) -> None:
    """A DataWeave script, whose class Apex may name; nothing runs it."""
    described = source.path.with_name(f"{source.path.name}{META}")
    plain = f'<DataWeaveResource xmlns="{_NAMESPACE}"><apiVersion>{NEWEST_VERSION}</apiVersion></DataWeaveResource>'
    project.files[f"dw/{source.name}"] = source.path.read_bytes()
    project.files[f"dw/{source.name}{META}"] = described.read_bytes() if described.is_file() else plain.encode()


_ADDERS = {"page": _add_page, "dwl": _add_script, "resource": _add_resource, **dict.fromkeys(FOLDERED, _add_in_folder)}
"""By ending, what puts a file into a project where it is more than one component's XML."""


def _archive(folder: Path) -> bytes:
    buffer = BytesIO()
    with ZipFile(buffer, "w") as archive:
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            archive.writestr(ZipInfo(path.relative_to(folder).as_posix()), path.read_bytes())
    return buffer.getvalue()


def _grant_what_is_there(root: etree._Element, name: str, project: Project) -> None:
    """Take out of a permission set what is not read here: no Apex asks for the visibility of pages, and a field that the twin's
    standard objects lack is not granted, which is told. A name field has no field-level security and is passed over (ASSUMED)."""
    missing: list[str] = []
    for element in list(root):
        tag = etree.QName(element).localname
        field_name = element.findtext(f"{{{_NAMESPACE}}}field") if tag == "fieldPermissions" else None
        if tag in _VISIBILITIES or (field_name is not None and not _is_grantable(field_name)):
            root.remove(element)
            missing += [field_name] if field_name is not None and not field_name.endswith(".Name") else []
    if missing:
        project.left_out.append(
            f"{name}: warning: not granted, since the twin's standard objects lack them: {', '.join(sorted(missing))}"
        )


@cache
def _standard() -> Schema:
    return standard_schema()


def _is_grantable(path: str) -> bool:
    object_name, _, name = path.partition(".")
    described = _standard().find_type(object_name)
    return name != "Name" and (name.endswith("__c") or described is None or described.find_field(name) is not None)


def _labels(root: etree._Element) -> dict[str, str]:
    found: dict[str, str] = {}
    for label in root.iter(f"{{{_NAMESPACE}}}labels"):
        name, value = label.findtext(f"{{{_NAMESPACE}}}fullName"), label.findtext(f"{{{_NAMESPACE}}}value")
        if name and value is not None:
            found[name.lower()] = value
    return found


def _keep_labels(root: etree._Element, before: bytes | None) -> None:
    """Add the labels that a file of the same name had and this one lacks: an org keeps them."""
    named = {_identity(label) for label in root}
    known = etree.fromstring(before) if before is not None else ()
    root.extend([label for label in known if _identity(label) not in named])


def _compose(project: Project, sources: list[Source], *, told_to_parent: bool) -> tuple[bytes, set[str]]:
    """One CustomObject file out of the object's own files and its children's; the later one wins, element by element.

    Beside it, the names of elements that were passed over.

    A field of Activity is seen from its parent once, through the tasks (ASSUMED).
    """
    found: dict[tuple[str, str], list[etree._Element]] = {}
    for source in sources:
        try:
            element = source.root()
        except etree.XMLSyntaxError as error:
            project.note_unread(source.name, error)
            continue
        kind = kind_of(source.path)
        child = CHILDREN.get(kind)
        meant, found_root = _CHILD_ROOTS.get(kind), etree.QName(element).localname
        if meant is not None and found_root != meant:
            project.left_out.append(
                f"{source.name}: warning: passed over, its root element is {found_root}, not {meant}"
            )
            continue
        if not told_to_parent and source.object_name == "Activity":
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
    unknown = remove_unknown(root, "CustomObject")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8"), unknown


def _identity(element: etree._Element) -> tuple[str, str]:
    """What a later element must share with an earlier one to take its place: its tag, and its name where there are many."""
    tag = etree.QName(element).localname
    name = element.findtext(f"{{{_NAMESPACE}}}fullName") or element.findtext(f"{{{_NAMESPACE}}}actionName") or ""
    return (tag, name) if tag in _MANY else (tag, "")


def _manifest(files: dict[str, bytes]) -> bytes:
    type_names = {
        load_types()[kind].directory: kind for ending, kind in KINDS.items() if ending not in FOLDERS.values()
    }
    members: dict[str, list[str]] = {}
    for path in files:
        folder, _, name = path.partition("/")
        if name.endswith(META) and (folder not in FOLDERS or "." in name.removesuffix(META)):
            continue
        members.setdefault(type_names[folder], []).append(name.removesuffix(META).rsplit(".", 1)[0])
    package = ElementTree.Element("Package", xmlns=_NAMESPACE)
    for type_name, names in sorted(members.items()):
        types = ElementTree.SubElement(package, "types")
        for name in sorted(names) if type_name != "CustomLabels" else ["*"]:
            ElementTree.SubElement(types, "members").text = name
        ElementTree.SubElement(types, "name").text = type_name
    ElementTree.SubElement(package, "version").text = NEWEST_VERSION
    return bytes(ElementTree.tostring(package, encoding="utf-8", xml_declaration=True))
