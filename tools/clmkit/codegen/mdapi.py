"""Source format to Metadata API format, without Node: what `sf project convert source` does for the kinds that a project holds.

Two differences between the formats matter. An object's parts (fields, record types ...) are files of their own in source format and
elements of `objects/X.object` in the other; and XML-only components lose `-meta.xml`. A kind that stands in no table below is
refused by name: copied wrongly it would deploy as something else. Sources: Metadata API Developer Guide, "Metadata Types";
Salesforce DX Developer Guide, "Salesforce DX Project Structure and Source Format".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from clmkit.codegen.xml import Body, Value, parse_component, render_component

META = "-meta.xml"
SUPPORT = "support"
"""The folder below `generated` that holds no metadata."""

# Folder of an XML-only component -> metadata type.
XML_KINDS = {
    "PlatformEventSubscriberConfigs": "PlatformEventSubscriberConfig",
    "applications": "CustomApplication",
    "cspTrustedSites": "CspTrustedSite",
    "customMetadata": "CustomMetadata",
    "customPermissions": "CustomPermission",
    "duplicateRules": "DuplicateRule",
    "externalClientApps": "ExternalClientApplication",
    "externalCredentials": "ExternalCredential",
    "extlClntAppOauthPolicies": "ExtlClntAppOauthConfigurablePolicies",
    "extlClntAppOauthSettings": "ExtlClntAppOauthSettings",
    "extlClntAppPolicies": "ExtlClntAppConfigurablePolicies",
    "flexipages": "FlexiPage",
    "flows": "Flow",
    "globalValueSets": "GlobalValueSet",
    "groups": "Group",
    "layouts": "Layout",
    "mutingpermissionsets": "MutingPermissionSet",
    "namedCredentials": "NamedCredential",
    "permissionsetgroups": "PermissionSetGroup",
    "permissionsets": "PermissionSet",
    "platformEventChannelMembers": "PlatformEventChannelMember",
    "platformEventChannels": "PlatformEventChannel",
    "queues": "Queue",
    "quickActions": "QuickAction",
    "remoteSiteSettings": "RemoteSiteSetting",
    "settings": "Settings",
    "standardValueSets": "StandardValueSet",
    "tabs": "CustomTab",
    "reportTypes": "ReportType",
}

# Folder whose components lie in folders of their own -> metadata type and suffix of such a folder.
FOLDER_KINDS = {"dashboards": ("Dashboard", ".dashboardFolder"), "reports": ("Report", ".reportFolder")}

# Folder of a file that holds many components -> type of the file, element and type of what is in it; whether a component is named
# after the file, too.
BUNDLE_KINDS = {
    "labels": ("CustomLabels", "labels", "CustomLabel", False),
    "matchingRules": ("MatchingRules", "matchingRules", "MatchingRule", True),
    "sharingRules": ("SharingRules", "sharingCriteriaRules", "SharingCriteriaRule", True),
}

NAMED_KINDS = frozenset((*XML_KINDS, *BUNDLE_KINDS))

# Folder of a component that is code or content beside its XML -> metadata type and suffix in a package.
RESOURCES = "staticresources"
CODE_KINDS = {
    "classes": ("ApexClass", ".cls"),
    RESOURCES: ("StaticResource", ".resource"),
    "triggers": ("ApexTrigger", ".trigger"),
}

# Folder below an object -> element of the object's file and metadata type.
OBJECT_PARTS = {
    "businessProcesses": ("businessProcesses", "BusinessProcess"),
    "compactLayouts": ("compactLayouts", "CompactLayout"),
    "fieldSets": ("fieldSets", "FieldSet"),
    "fields": ("fields", "CustomField"),
    "listViews": ("listViews", "ListView"),
    "recordTypes": ("recordTypes", "RecordType"),
    "sharingReasons": ("sharingReasons", "SharingReason"),
    "validationRules": ("validationRules", "ValidationRule"),
    "webLinks": ("webLinks", "WebLink"),
}

SETTINGS = "Settings"


class UnsupportedSource(Exception):
    """A file of a kind that this conversion does not know; nothing was converted."""


@dataclass(frozen=True, slots=True)
class Component:
    """One member of the manifest."""

    metadata_type: str
    full_name: str


@dataclass(frozen=True, slots=True)
class Package:
    """A deployable package: path inside it -> bytes, the manifest among them."""

    files: Mapping[str, bytes]
    components: tuple[Component, ...]


def convert_source(source: Mapping[str, bytes], api_version: str) -> Package:
    """The package that holds every component of a source tree (path -> bytes). Raises UnsupportedSource, naming the file."""
    files: dict[str, bytes] = {}
    components: list[Component] = []
    objects: dict[str, dict[str, Value]] = {}
    for path in sorted(source):
        if is_support(path):
            continue
        place = _locate(path)
        if place.folder == "objects":
            components.append(_merge_object_file(objects, place, source[path]))
        else:
            files[place.target] = _join(place, files.get(place.target), source[path])
            components += place.components or _bundled(place, source[path])
    for name, body in objects.items():
        files[f"objects/{name}.object"] = render_component("CustomObject", body).encode()
    return make_package(files, components, api_version)


def is_support(path: str) -> bool:
    """Whether the file of a source tree goes to no org."""
    return path.split("/", 2)[1:2] == [SUPPORT]


def list_components(parts: Iterable[tuple[str, Body]]) -> list[Component]:
    """The components of source files, each with its body; nothing is rendered or read. Raises UnsupportedSource."""
    components: list[Component] = []
    for path, body in parts:
        place = _locate(path)
        components += [_object_component(place, body)] if place.folder == "objects" else place.components
        if place.folder in BUNDLE_KINDS:
            components += _members(place, body)
    return components


def make_package(files: Mapping[str, bytes], components: list[Component], api_version: str) -> Package:
    """The files with the manifest that lists the components."""
    ordered = sorted(set(components), key=lambda component: (component.metadata_type, component.full_name))
    manifest = render_manifest(ordered, api_version).encode()
    return Package({**files, "package.xml": manifest}, tuple(ordered))


def split_settings(package: Package, api_version: str) -> tuple[Package, Package]:
    """Settings first, everything else second.

    Apex that writes a field which a setting opens is refused ("Field is not writeable: Contract.EndDate") even when the setting
    is part of the same deploy.
    """
    first: dict[bool, dict[str, bytes]] = {True: {}, False: {}}
    for path, content in package.files.items():
        if path != "package.xml":
            first[path.startswith("settings/")][path] = content
    settings = [component for component in package.components if component.metadata_type == SETTINGS]
    others = [component for component in package.components if component.metadata_type != SETTINGS]
    return make_package(first[True], settings, api_version), make_package(first[False], others, api_version)


def render_manifest(components: list[Component], api_version: str) -> str:
    """package.xml: every component by name, no wildcard."""
    members: dict[str, list[str]] = {}
    for component in components:
        members.setdefault(component.metadata_type, []).append(component.full_name)
    types: list[Body] = [{"members": names, "name": kind} for kind, names in members.items()]
    return render_component("Package", {"types": types, "version": api_version})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a source file belongs in a package."""

    path: str
    folder: str
    target: str
    components: tuple[Component, ...] = ()
    rest: tuple[str, ...] = ()


def _locate(path: str) -> _Place:
    parts = tuple(path.split("/"))
    for depth, folder in enumerate(parts[:-1]):
        rest = parts[depth + 1 :]
        if folder == "objects":
            return _Place(path, folder, "", rest=rest)
        if folder in CODE_KINDS and len(rest) == 1:
            return _locate_code(path, folder, rest[0])
        if folder in FOLDER_KINDS and path.endswith(META):
            return _locate_in_folder(path, folder, "/".join(rest).removesuffix(META))
        if folder in NAMED_KINDS and len(rest) == 1 and path.endswith(META):
            name = rest[0].removesuffix(META)
            kind = XML_KINDS.get(folder)
            own = (Component(kind, unquote(name.rpartition(".")[0])),) if kind else ()
            return _Place(path, folder, f"{folder}/{name}", own, rest)
    raise UnsupportedSource(
        f"{path}: no metadata of this kind can be converted here; deploy the folder with `sf project deploy start`, or add "
        f"the kind to the tables of clmkit.codegen.mdapi"
    )


def _locate_code(path: str, folder: str, name: str) -> _Place:
    """Code, or the XML beside it; the content of a static resource has a suffix of its kind in source format (`.json`)."""
    metadata_type, suffix = CODE_KINDS[folder]
    if folder == RESOURCES and not name.endswith(META):
        name = f"{name.partition('.')[0]}{suffix}"
    own = (Component(metadata_type, name.removesuffix(suffix)),) if name.endswith(suffix) else ()
    return _Place(path, folder, f"{folder}/{name}", own, (name,))


def _locate_in_folder(path: str, folder: str, name: str) -> _Place:
    """A report or dashboard, or the folder that it lies in: `reports/CLM-meta.xml`, in a manifest `CLM`."""
    metadata_type, suffix = FOLDER_KINDS[folder]
    if name.endswith(suffix):
        own = name.removesuffix(suffix)
        return _Place(path, folder, f"{folder}/{own}{META}", (Component(metadata_type, own),))
    return _Place(path, folder, f"{folder}/{name}", (Component(metadata_type, name.rpartition(".")[0]),))


def _bundled(place: _Place, content: bytes) -> list[Component]:
    """The file and what is in it, for a file that holds many components; nothing for the XML beside code."""
    return _members(place, parse_component(content)[1]) if place.folder in BUNDLE_KINDS else []


def _members(place: _Place, body: Body) -> list[Component]:
    file_type, element, member_type, is_qualified = BUNDLE_KINDS[place.folder]
    name = place.rest[0].removesuffix(META).rpartition(".")[0]
    names = [str(row["fullName"]) for row in _rows(body.get(element, []))]
    return [
        Component(file_type, name),
        *(Component(member_type, f"{name}.{member}" if is_qualified else member) for member in names),
    ]


def _join(place: _Place, before: bytes | None, content: bytes) -> bytes:
    """Two files of many components become one in a package: the generated labels and a team's own."""
    if before is None or place.folder not in BUNDLE_KINDS:
        return content
    element = BUNDLE_KINDS[place.folder][1]
    (root, first), (_, second) = parse_component(before), parse_component(content)
    rows = [row for body in (first, second) for row in _rows(body.get(element, []))]
    return render_component(root, {**second, **first, element: rows}).encode()


def _rows(members: Value) -> list[Body]:
    found = members if isinstance(members, list) else [members]
    return [row for row in found if isinstance(row, dict)]


def _merge_object_file(objects: dict[str, dict[str, Value]], place: _Place, content: bytes) -> Component:
    name = place.rest[0]
    body = objects.setdefault(name, {})
    _, own = parse_component(content)
    if len(place.rest) == 2:
        body.update(own)
        return _object_component(place, own)
    element, _ = _part_of(place)
    parts = body.setdefault(element, [])
    if not isinstance(parts, list):
        raise UnsupportedSource(
            f"{place.path}: the object's own file already holds {element}; keep them in one of the two places"
        )
    parts.append(own)
    return _object_component(place, own)


def _object_component(place: _Place, body: Body) -> Component:
    name = place.rest[0]
    if len(place.rest) == 2:
        return Component("CustomObject", name)
    return Component(_part_of(place)[1], f"{name}.{body['fullName']}")


def _part_of(place: _Place) -> tuple[str, str]:
    folder = place.rest[1] if len(place.rest) == 3 else ""
    if folder not in OBJECT_PARTS:
        raise UnsupportedSource(
            f"{place.path}: no part of an object; known parts are {', '.join(sorted(OBJECT_PARTS))}"
        )
    return OBJECT_PARTS[folder]
