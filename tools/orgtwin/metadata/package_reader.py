"""A deploy zip, read: which components it brings, which it deletes, and what is wrong with its files.

Source: "deploy()" and "Deploying and Retrieving Metadata with the Zip File" (Metadata API Developer Guide).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from orgtwin.metadata.canonical import canonical
from orgtwin.metadata.catalogue import (
    MetadataType,
    Shape,
    is_known_type,
    load_types,
    parent_of,
    place_of,
)
from orgtwin.metadata.component import Component, Key
from orgtwin.metadata.deploy_model import DeployMessage, DeployOptions, refusal, warning
from orgtwin.metadata.grammar import check_document
from orgtwin.metadata.manifest import WILDCARD, Manifest, ManifestRefused, parse_manifest
from orgtwin.metadata.xml import Document, MalformedXml, Node, parse_document

MAX_API_VERSION = 68.0
_MANIFEST = "package.xml"
_PRE = ("destructiveChangesPre.xml", "destructiveChanges.xml")
_POST = ("destructiveChangesPost.xml",)
_ALL_MANIFESTS = (_MANIFEST, *_PRE, *_POST)
_NEVER_EMPTY = {"SharingRules": "sharingCriteriaRules"}
_VERSION = re.compile(r"\d\d\.0")


@dataclass(frozen=True, slots=True)
class Incoming:
    """A component on its way in, with where it stood for messages."""

    component: Component
    file_name: str
    line: int
    column: int
    source: bytes = b""

    def place_of(self, node: Node | None) -> tuple[int, int]:
        """Where an element of the component stands in its file; the component's own place for none."""
        if node is None or node.offset < 0 or not self.source:
            return self.line, self.column
        return Document(node, self.source).position(node)


@dataclass
class Package:
    """One package of a zip, read."""

    manifest: Manifest
    incoming: list[Incoming] = field(default_factory=list)
    delete_first: list[tuple[Key, str]] = field(default_factory=list)
    delete_last: list[tuple[Key, str]] = field(default_factory=list)
    messages: list[DeployMessage] = field(default_factory=list)


@dataclass
class _Bundle:
    """The files of one component."""

    type: MetadataType
    full_name: str
    xml: str | None = None
    content: str | None = None
    files: dict[str, str] = field(default_factory=dict)


def read_packages(files: Mapping[str, bytes], options: DeployOptions) -> list[Package]:
    """Every package of the zip; one without a manifest is a package that only has that error."""
    roots = (
        [""]
        if options.single_package
        else sorted({path.partition("/")[0] + "/" for path in files if "/" in path}) or [""]
    )
    if not options.single_package and _MANIFEST in files:
        roots = [""]
    return [_read_package(files, root, options) for root in roots]


def _read_package(files: Mapping[str, bytes], root: str, options: DeployOptions) -> Package:
    manifest_path = root + _MANIFEST
    if manifest_path not in files:
        return Package(Manifest({}), messages=[refusal("", _MANIFEST, manifest_path, "No package.xml found")])
    try:
        manifest = parse_manifest(files[manifest_path])
        _check_manifest(manifest)
    except ManifestRefused as error:
        return Package(
            Manifest({}), messages=[refusal("", _MANIFEST, manifest_path, error.text, error.line, error.column)]
        )
    package = Package(manifest)
    package.messages.append(DeployMessage("", _MANIFEST, manifest_path, changed=True))
    _read_deletions(package, files, root)
    _Collector(package, files, root, options).collect()
    return package


def _check_manifest(manifest: Manifest) -> None:
    version = manifest.version
    if version is None:
        raise ManifestRefused("Required field is missing: version")
    if not _VERSION.fullmatch(version) or float(version) > MAX_API_VERSION:
        raise ManifestRefused(f"Invalid version specified:{version}")
    for type_name in manifest.members:
        if not is_known_type(type_name):
            raise ManifestRefused(f"Unknown type name '{type_name}' specified in package.xml")


def _read_deletions(package: Package, files: Mapping[str, bytes], root: str) -> None:
    for names, into in ((_PRE, package.delete_first), (_POST, package.delete_last)):
        for name in names:
            source = files.get(root + name)
            if source is None:
                continue
            try:
                manifest = parse_manifest(source)
            except ManifestRefused as error:
                package.messages.append(refusal("", name, root + name, error.text, error.line, error.column))
                continue
            for type_name, member in manifest.names():
                into.append(((type_name, member), root + name))


class _Collector:
    """Matches the files of one package with its manifest."""

    def __init__(self, package: Package, files: Mapping[str, bytes], root: str, options: DeployOptions) -> None:
        self._package = package
        self._files = files
        self._root = root
        self._options = options
        self._named = {(type_name, member) for type_name, member in package.manifest.names()}
        self._found: set[Key] = set()

    def collect(self) -> None:
        for bundle in self._bundles():
            self._read_bundle(bundle)
        self._report_missing()

    def _bundles(self) -> Iterable[_Bundle]:
        bundles: dict[Key, _Bundle] = {}
        for path in sorted(self._files):
            if not path.startswith(self._root):
                continue
            inner = path[len(self._root) :]
            if inner in _ALL_MANIFESTS:
                continue
            place = place_of(inner)
            if place is None:
                self._package.messages.append(warning("", inner, path, "Not in package.xml"))
                continue
            key = (place.type.name, place.full_name)
            bundle = bundles.setdefault(key, _Bundle(place.type, place.full_name))
            if place.type.shape is Shape.BUNDLE:
                bundle.files[inner.split("/", 2)[2]] = path
            if place.is_xml:
                bundle.xml = path
            elif place.type.shape is Shape.CONTENT:
                bundle.content = path
        return bundles.values()

    def _read_bundle(self, bundle: _Bundle) -> None:
        type_name, name = bundle.type.name, bundle.full_name
        if not self._is_wanted(bundle):
            path = bundle.xml or bundle.content or next(iter(bundle.files.values()), "")
            self._package.messages.append(warning(type_name, name, path, "Not in package.xml"))
            return
        self._found.add((type_name, name))
        document = self._parse(bundle)
        if document is None:
            return
        if bundle.type.children:
            self._split(bundle, document)
        else:
            content = self._files[bundle.content] if bundle.content else None
            parts = {inner: self._files[path] for inner, path in bundle.files.items()}
            self._add(
                Component(type_name, name, canonical(document.root), content, parts), bundle, document, document.root
            )

    def _is_wanted(self, bundle: _Bundle) -> bool:
        if self._names(bundle.type.name, bundle.full_name) or self._options.auto_update_package:
            return True
        if bundle.type.children:
            return any(t in self._package.manifest.members for t in (child.name for child in bundle.type.children))
        if bundle.type.shape is Shape.FOLDER:
            return self._names_folder(bundle)
        return False

    def _names(self, type_name: str, full_name: str) -> bool:
        return (type_name, full_name) in self._named or (type_name, WILDCARD) in self._named

    def _names_folder(self, bundle: _Bundle) -> bool:
        """A folder goes by the type of what lies in it: Report CLM, Report CLM/."""
        content_types = [t.name for t in load_types().values() if t.folder_type == bundle.type.name]
        names = (bundle.full_name, f"{bundle.full_name}/")
        return any((content_type, name) in self._named for content_type in content_types for name in names)

    def _parse(self, bundle: _Bundle) -> Document | None:
        """The document of a component; None where it cannot be read, which is then said."""
        type_name, name = bundle.type.name, bundle.full_name
        if bundle.xml is None:
            if bundle.type.shape is Shape.BUNDLE:
                return Document(Node(bundle.type.root_of(name)), b"")
            path = bundle.content or ""
            self._package.messages.append(refusal(type_name, name, path, f"Required file is missing: {path}-meta.xml"))
            return None
        try:
            document = parse_document(self._files[bundle.xml])
        except MalformedXml as error:
            text = f"Error parsing file: {error.message}"
            self._package.messages.append(refusal(type_name, name, bundle.xml, text, error.line, error.column))
            return None
        problems = check_document(document, bundle.type.root_of(name))
        for problem in problems:
            self._package.messages.append(
                refusal(type_name, name, bundle.xml, problem.text, problem.line, problem.column)
            )
        return None if problems else document

    def _split(self, bundle: _Bundle, document: Document) -> None:
        """A file with components inside: the parent without them, and each of those that the manifest wants."""
        whole = self._names(bundle.type.name, bundle.full_name) or self._options.auto_update_package
        by_element = {child.element: child for child in bundle.type.children}
        missing = _NEVER_EMPTY.get(bundle.type.name)
        if missing is not None and not document.root.children:
            text = f"Required field is missing: {missing}"
            self._package.messages.append(refusal(bundle.type.name, bundle.full_name, bundle.xml or "", text, 1, 1))
        if whole:
            shell = canonical(document.root.without(by_element))
            self._add(Component(bundle.type.name, bundle.full_name, shell), bundle, document, document.root)
        for node in document.root.children:
            child = by_element.get(node.tag)
            if child is None:
                continue
            name = node.value("fullName") or ""
            full_name = f"{bundle.full_name}.{name}" if child.qualified else name
            if whole or self._names(child.name, full_name):
                body = canonical(replace(node, tag=child.name))
                self._add(Component(child.name, full_name, body), bundle, document, node)

    def _add(self, component: Component, bundle: _Bundle, document: Document, node: Node) -> None:
        line, column = document.position(node)
        self._found.add(component.key)
        path = bundle.xml or bundle.content or ""
        if bundle.content is not None:
            path = bundle.content
        self._package.incoming.append(Incoming(component, path, line, column, document.source))

    def _report_missing(self) -> None:
        for type_name, name in sorted(self._named - self._found):
            if (
                name == WILDCARD
                or self._is_folder_member(type_name, name)
                or self._is_in_unreadable_parent(type_name, name)
            ):
                continue
            text = f"An object '{name}' of type {type_name} was named in package.xml, but was not found in zipped directory"
            path = self._root + _MANIFEST
            make = warning if self._options.allow_missing_files else refusal
            self._package.messages.append(make(type_name, name, path, text))

    def _is_folder_member(self, type_name: str, name: str) -> bool:
        metadata_type = load_types().get(type_name)
        return (
            metadata_type is not None
            and metadata_type.folder_type is not None
            and (metadata_type.folder_type, name.rstrip("/")) in self._found
        )

    def _is_in_unreadable_parent(self, type_name: str, name: str) -> bool:
        """The parent's file was refused; its children are not also missing."""
        parent = parent_of(type_name, name)
        if parent is None:
            return False
        failed = {(m.component_type, m.full_name) for m in self._package.messages if m.is_failure}
        return (parent[0].name, parent[1]) in failed
