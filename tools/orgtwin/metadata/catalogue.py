"""Which metadata types there are, where their files lie, and which of their elements are components of their own.

The rows are in catalogue.csv: type, directory, suffix, shape, folder type. Source: "Metadata Types" (Metadata API
Developer Guide); the directories and suffixes are those that describeMetadata reports.

    shape     files in the zip
    file      directory/Name.suffix
    content   directory/Name.suffix with directory/Name.suffix-meta.xml beside it (Apex source, certificates, documents)
    bundle    directory/Name/... with one XML file among them (lwc, aura)
    folder    directory/Name-meta.xml, or directory/Name.suffix-meta.xml: the folder of reports, dashboards,
    documents, e-mail templates
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from importlib.resources import files
from urllib.parse import quote, unquote


class Shape(StrEnum):
    FILE = "file"
    CONTENT = "content"
    BUNDLE = "bundle"
    FOLDER = "folder"


@dataclass(frozen=True, slots=True)
class ChildType:
    """A component inside its parent's file. `qualified` full names are Parent.Child; labels stand alone."""

    name: str
    element: str
    qualified: bool = True


@dataclass(frozen=True, slots=True)
class MetadataType:
    """One type that a manifest can name at the top level."""

    name: str
    directory: str
    suffix: str
    shape: Shape = Shape.FILE
    folder_type: str | None = None
    children: tuple[ChildType, ...] = ()

    @property
    def in_folder(self) -> bool:
        return self.folder_type is not None

    def path_of(self, full_name: str) -> str:
        """Where the component's own file lies in a zip."""
        name = quote(full_name, safe=_PLAIN_IN_FILE_NAMES + ("/" if self.in_folder else ""))
        if self.shape is Shape.FOLDER:
            return f"{self.directory}/{name}-meta.xml"
        if self.shape is Shape.BUNDLE:
            return f"{self.directory}/{name}"
        dotted = "" if self.name == "Document" else f".{self.suffix}"
        return f"{self.directory}/{name}{dotted}"

    def root_of(self, full_name: str) -> str:
        """The root element of the component's XML."""
        return f"{full_name}Settings" if self.name == "Settings" else self.name


_PLAIN_IN_FILE_NAMES = " -_.~$@!,"

_CHILDREN: Mapping[str, tuple[ChildType, ...]] = {
    "CustomObject": (
        ChildType("CustomField", "fields"),
        ChildType("Index", "indexes"),
        ChildType("BusinessProcess", "businessProcesses"),
        ChildType("RecordType", "recordTypes"),
        ChildType("CompactLayout", "compactLayouts"),
        ChildType("WebLink", "webLinks"),
        ChildType("ValidationRule", "validationRules"),
        ChildType("SharingReason", "sharingReasons"),
        ChildType("ListView", "listViews"),
        ChildType("FieldSet", "fieldSets"),
    ),
    "CustomLabels": (ChildType("CustomLabel", "labels", qualified=False),),
    "Workflow": (
        ChildType("WorkflowAlert", "alerts"),
        ChildType("WorkflowFieldUpdate", "fieldUpdates"),
        ChildType("WorkflowFlowAction", "flowActions"),
        ChildType("WorkflowKnowledgePublish", "knowledgePublishes"),
        ChildType("WorkflowOutboundMessage", "outboundMessages"),
        ChildType("WorkflowRule", "rules"),
        ChildType("WorkflowSend", "send"),
        ChildType("WorkflowTask", "tasks"),
    ),
    "SharingRules": (
        ChildType("SharingCriteriaRule", "sharingCriteriaRules"),
        ChildType("SharingGuestRule", "sharingGuestRules"),
        ChildType("SharingOwnerRule", "sharingOwnerRules"),
        ChildType("SharingTerritoryRule", "sharingTerritoryRules"),
    ),
    "MatchingRules": (ChildType("MatchingRule", "matchingRules"),),
    "AssignmentRules": (ChildType("AssignmentRule", "assignmentRule"),),
    "AutoResponseRules": (ChildType("AutoResponseRule", "autoResponseRule"),),
    "EscalationRules": (ChildType("EscalationRule", "escalationRule"),),
}


@lru_cache(maxsize=1)
def load_types() -> Mapping[str, MetadataType]:
    """Every top-level type by name."""
    text = files("orgtwin.metadata").joinpath("catalogue.csv").read_text("utf-8")
    return {
        row["type"]: MetadataType(
            row["type"],
            row["directory"],
            row["suffix"],
            Shape(row["shape"]),
            row["folder_type"] or None,
            _CHILDREN.get(row["type"], ()),
        )
        for row in csv.DictReader(text.splitlines())
    }


@lru_cache(maxsize=1)
def child_parents() -> Mapping[str, tuple[MetadataType, ChildType]]:
    """Child type name to its parent type and its row."""
    return {child.name: (parent, child) for parent in load_types().values() for child in parent.children}


@lru_cache(maxsize=1)
def _by_directory() -> Mapping[str, tuple[MetadataType, ...]]:
    found: dict[str, list[MetadataType]] = {}
    for metadata_type in load_types().values():
        found.setdefault(metadata_type.directory.lower(), []).append(metadata_type)
    return {directory: tuple(types) for directory, types in found.items()}


def is_known_type(name: str) -> bool:
    """Can a manifest name it, at the top level or as a child."""
    return name in load_types() or name in child_parents()


def parent_of(child_type: str, full_name: str) -> tuple[MetadataType, str] | None:
    """Whose file holds a component of a child type: the parent type and the parent's full name; None for other types."""
    found = child_parents().get(child_type)
    if found is None:
        return None
    parent, child = found
    return parent, full_name.partition(".")[0] if child.qualified else parent.name


@dataclass(frozen=True, slots=True)
class FilePlace:
    """What a path in a zip is: whose file, and whether it is the XML of that component (a content file or bundle part is not)."""

    type: MetadataType
    full_name: str
    is_xml: bool


def place_of(path: str) -> FilePlace | None:
    """The component that a path (below the package root) belongs to; None for a path of no known type."""
    directory, _, rest = path.partition("/")
    for metadata_type in _by_directory().get(directory.lower(), ()):
        place = _place_in(metadata_type, rest)
        if place is not None:
            return place
    return None


def _place_in(metadata_type: MetadataType, rest: str) -> FilePlace | None:
    if metadata_type.shape is Shape.BUNDLE:
        name, _, inner = rest.partition("/")
        return FilePlace(metadata_type, name, inner.endswith("-meta.xml")) if inner else None
    if metadata_type.shape is Shape.FOLDER:
        stem = rest.removesuffix("-meta.xml")
        if stem == rest or ("." in stem and not stem.endswith(f".{metadata_type.suffix}")):
            return None
        return FilePlace(metadata_type, unquote(stem.removesuffix(f".{metadata_type.suffix}")), True)
    stem = rest.removesuffix("-meta.xml")
    is_meta = stem != rest
    if metadata_type.name == "Document":
        return FilePlace(metadata_type, unquote(stem), is_meta) if "/" in stem else None
    if not stem.endswith(f".{metadata_type.suffix}"):
        return None
    name = unquote(stem.removesuffix(f".{metadata_type.suffix}"))
    return FilePlace(metadata_type, name, is_meta or metadata_type.shape is Shape.FILE)
