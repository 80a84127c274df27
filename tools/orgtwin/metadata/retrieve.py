"""Retrieve: named components out of the org as a zip, and the messages about those that are not there.

Source: "retrieve()" (Metadata API Developer Guide). A profile comes with the permissions of those objects and fields only that are
retrieved with it, as in the org.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.baseline import all_components, find_component
from orgtwin.metadata.canonical import canonical
from orgtwin.metadata.catalogue import MetadataType, Shape, child_parents, load_types, parent_of
from orgtwin.metadata.component import Component, ComponentStore, Key
from orgtwin.metadata.manifest import WILDCARD, Manifest, render_manifest
from orgtwin.metadata.xml import Node, render_document
from orgtwin.organization import Organization

UNPACKAGED = "unpackaged"
_PROFILE_SCOPES = {"objectPermissions": "object", "fieldPermissions": "field"}


@dataclass(frozen=True, slots=True)
class FileProperties:
    """One row of `fileProperties`, and of listMetadata."""

    component: Component
    file_name: str


@dataclass
class Retrieved:
    """What a retrieve gives: the zip's files, their properties, and what was not found."""

    files: dict[str, bytes] = field(default_factory=dict)
    properties: list[FileProperties] = field(default_factory=list)
    messages: list[tuple[str, str]] = field(default_factory=list)  # (file name, problem)

    def zip_file(self) -> bytes:
        return write_archive(self.files)


def retrieve(
    org: Organization,
    store: ComponentStore,
    manifest: Manifest,
    version: str,
    *,
    root: str = f"{UNPACKAGED}/",
    package: str | None = None,
) -> Retrieved:
    """The components that a manifest names. `root` is the folder in the zip, "" for a single package."""
    result = Retrieved()
    chosen = _choose(org, store, manifest, result, root)
    listed: list[Key] = []
    for parent in _by_file(org, store, chosen.values()):
        _write(result, root, parent, chosen)
        listed.extend(_listed(parent))
    result.files[f"{root}package.xml"] = render_manifest(listed, version, package)
    return result


@dataclass(frozen=True, slots=True)
class _File:
    """One file to write: the component that owns it, and those inside it."""

    type: MetadataType
    owner: Component
    children: tuple[Component, ...] = ()
    whole: bool = True


def _choose(
    org: Organization, store: ComponentStore, manifest: Manifest, result: Retrieved, root: str
) -> dict[Key, Component]:
    chosen: dict[Key, Component] = {}
    for type_name, member in manifest.names():
        found = _matching(org, store, type_name, member)
        for component in found:
            chosen[component.key] = component
        if not found and member != WILDCARD:
            text = f"Entity of type '{type_name}' named '{member}' cannot be found"
            result.messages.append((f"{root}package.xml", text))
    return chosen


def _matching(org: Organization, store: ComponentStore, type_name: str, member: str) -> list[Component]:
    if member == WILDCARD:
        found = all_components(org, store, type_name)
        return [component for component in found if type_name != "CustomObject" or "__" in component.full_name]
    component = find_component(org, store, type_name, member)
    if component is None:
        metadata_type = load_types().get(type_name)
        folder_type = metadata_type.folder_type if metadata_type else None
        component = store.find(folder_type, member.rstrip("/")) if folder_type else None
    return [component] if component is not None else []


def _by_file(org: Organization, store: ComponentStore, chosen: Iterable[Component]) -> list[_File]:
    """Chosen components by the file they go into. A chosen parent brings all its children."""
    wholes: dict[Key, Component] = {}
    parts: dict[Key, list[Component]] = {}
    for component in chosen:
        parent = parent_of(component.type, component.full_name)
        if parent is None:
            wholes[component.key] = component
        else:
            parts.setdefault((parent[0].name, parent[1]), []).append(component)
    files = []
    for key, owner in wholes.items():
        metadata_type = load_types()[key[0]]
        children = tuple(
            child for row in metadata_type.children for child in _children(store, row.name, row.qualified, owner)
        )
        files.append(_File(metadata_type, owner, children))
    for key, some in parts.items():
        if key not in wholes:
            metadata_type = load_types()[key[0]]
            owner = Component(key[0], key[1], Node(metadata_type.root_of(key[1])))
            files.append(_File(metadata_type, owner, tuple(some), whole=False))
    return sorted(files, key=lambda file: (file.type.name, file.owner.full_name))


def _children(store: ComponentStore, type_name: str, qualified: bool, owner: Component) -> list[Component]:
    return store.children_of(type_name, owner.full_name) if qualified else store.of_type(type_name)


def _listed(file: _File) -> list[Key]:
    own = [file.owner.key] if file.whole else []
    type_name, name = file.owner.key
    if file.type.shape is Shape.FOLDER:
        content = next(t.name for t in load_types().values() if t.folder_type == type_name)
        own = [(content, name)]
    return [*own, *(child.key for child in file.children)]


def _write(result: Retrieved, root: str, file: _File, chosen: Mapping[Key, Component]) -> None:
    owner = file.owner
    path = root + file.type.path_of(owner.full_name)
    if file.type.shape is Shape.BUNDLE:
        for inner, content in owner.files.items():
            result.files[f"{path}/{inner}"] = content
    elif file.type.shape is Shape.CONTENT:
        result.files[path] = owner.content or b""
        result.files[f"{path}-meta.xml"] = render_document(owner.body)
    else:
        result.files[path] = render_document(_assemble(file, chosen))
    if file.whole:
        result.properties.append(FileProperties(owner, path))
    result.properties.extend(FileProperties(child, path) for child in file.children)


def _assemble(file: _File, chosen: Mapping[Key, Component]) -> Node:
    """The whole element of a file, children in their places."""
    body = file.owner.body
    if file.owner.type == "Profile":
        body = _within_scope(body, chosen)
    elements = {name: child.element for name, (_parent, child) in child_parents().items()}
    inside = [replace(child.body, tag=elements[child.type]) for child in file.children]
    named = [_with_full_name(node, child) for node, child in zip(inside, file.children, strict=True)]
    return canonical(body.with_children((*body.children, *named))) if named else body


def whole_component(store: ComponentStore, component: Component) -> Node:
    """The element of one component with everything inside it."""
    metadata_type = load_types().get(component.type)
    if metadata_type is None or not metadata_type.children:
        return component.body
    children = tuple(
        child for row in metadata_type.children for child in _children(store, row.name, row.qualified, component)
    )
    return _assemble(_File(metadata_type, component, children), {component.key: component})


def _with_full_name(node: Node, component: Component) -> Node:
    name = component.full_name.rpartition(".")[2] if "." in component.full_name else component.full_name
    rest = [child for child in node.children if child.tag != "fullName"]
    return node.with_children((Node("fullName", name), *rest))


def _within_scope(body: Node, chosen: Mapping[Key, Component]) -> Node:
    objects = {name for type_name, name in chosen if type_name == "CustomObject"}
    fields = {name for type_name, name in chosen if type_name == "CustomField"}

    def is_in_scope(node: Node) -> bool:
        name = node.value(_PROFILE_SCOPES.get(node.tag, "")) or ""
        if node.tag == "objectPermissions":
            return name in objects
        return node.tag != "fieldPermissions" or name in fields or name.partition(".")[0] in objects

    return body.with_children(child for child in body.children if is_in_scope(child))
