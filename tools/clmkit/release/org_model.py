"""What an import reads of an org: the objects around its contracts, their fields, value sets and permission sets. Parsing is pure.

Source: Metadata API Developer Guide, "CustomObject", "GlobalValueSet", "StandardValueSet", "PermissionSet".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from clmkit.clients.metadata_api import MetadataApi
from clmkit.codegen.xml import Body, parse_component
from clmkit.release.field_map import FieldMap, read_field_map

STANDARD_OBJECTS = ("Account", "Contact", "Contract", "User")
SHOWN = {
    "Layout": "layouts",
    "CustomTab": "tabs",
    "CustomApplication": "applications",
    "FlexiPage": "flexipages",
    "Report": "reports",
    "ReportType": "reportTypes",
}
READ = (
    *(".object", ".globalValueSet", ".standardValueSet", ".permissionset", ".sharingRules"),
    *(".layout", ".tab", ".app", ".flexipage", ".report", ".reportType"),
)
CONTRACT_STATUS = "ContractStatus"
NOT_RECORDS = ("__e", "__mdt", "__b", "__x")


@dataclass(frozen=True, slots=True)
class OrgObject:
    """One object as the org gives it back, and its custom fields."""

    name: str
    body: Body
    fields: tuple[Body, ...]

    @property
    def is_custom(self) -> bool:
        return self.name.endswith("__c")


@dataclass(frozen=True, slots=True)
class OrgAccess:
    """A permission set: which fields it opens (True: for editing), and its custom permissions."""

    name: str
    label: str
    description: str
    fields: Mapping[str, bool]
    custom_permissions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrgModel:
    """An org as far as a mapping spec can say it."""

    objects: tuple[OrgObject, ...]
    global_sets: Mapping[str, Body]
    statuses: tuple[Body, ...]
    accesses: tuple[OrgAccess, ...]
    field_map: FieldMap
    sharing: Mapping[str, Body] = field(default_factory=dict)
    """Sharing rules by object."""
    shown: Mapping[tuple[str, str], Body] = field(default_factory=dict)
    """Layouts, tabs, pages, app and reports, by folder of the package and name."""

    def find_object(self, name: str) -> OrgObject | None:
        return next((found for found in self.objects if found.name == name), None)


async def read_org(metadata: MetadataApi, prefix: str) -> OrgModel:
    """Ask the org for everything that hangs on its contracts; of pages and reports for what the kit would make. Reads alone."""
    listed = await metadata.list_components(("CustomObject", "GlobalValueSet", "PermissionSet", "CustomMetadata"))
    listed += await metadata.list_components(("SharingRules", "Layout", "CustomTab", "CustomApplication", "FlexiPage"))
    listed += await metadata.list_components(("ReportType",))
    listed += await metadata.list_in_folders(("Report",))
    names: dict[str, list[str]] = {"CustomObject": [*STANDARD_OBJECTS], "StandardValueSet": [CONTRACT_STATUS]}
    for component in listed:
        if _is_told(component.metadata_type, component.full_name, prefix):
            names.setdefault(component.metadata_type, []).append(component.full_name)
    return parse_org(await metadata.retrieve(names))


def _is_told(metadata_type: str, full_name: str, prefix: str) -> bool:
    """Of objects the custom ones of the org itself, of custom metadata the field maps, of pages and reports those of the prefix."""
    if metadata_type == "CustomObject":
        return full_name.endswith("__c") and "__" not in full_name[:-3]
    if metadata_type == "CustomMetadata":
        return "_Field_Map." in full_name
    if metadata_type in ("CustomApplication", "FlexiPage", "ReportType"):
        return full_name.startswith(f"{prefix}_")
    if metadata_type == "Report":
        return full_name.startswith(f"{prefix}/")
    return metadata_type not in ("Layout", "CustomTab") or "__c" in full_name


def parse_org(files: Mapping[str, bytes]) -> OrgModel:
    """The model of retrieved files (path in the package -> bytes): objects that contracts lead to, and what their fields use."""
    bodies: dict[str, dict[str, Body]] = {}
    for path, content in sorted(files.items()):
        folder, _, name = path.partition("/")
        if name and path.endswith(READ):
            bodies.setdefault(folder, {})[name.rpartition(".")[0]] = parse_component(content)[1]
    objects = {name: _object(name, body) for name, body in bodies.get("objects", {}).items()}
    field_map = read_field_map(
        (path.rpartition("/")[2], parse_component(content)[1])
        for path, content in sorted(files.items())
        if path.startswith("customMetadata/")
    )
    statuses = bodies.get("standardValueSets", {}).get(CONTRACT_STATUS, {})
    return OrgModel(
        objects=tuple(objects[name] for name in sorted(_related(objects, {place[0] for place in field_map}))),
        global_sets=bodies.get("globalValueSets", {}),
        statuses=tuple(rows_of(statuses, "standardValue")),
        accesses=tuple(_access(name, body) for name, body in bodies.get("permissionsets", {}).items()),
        field_map=field_map,
        sharing=bodies.get("sharingRules", {}),
        shown={(folder, name): body for folder in SHOWN.values() for name, body in bodies.get(folder, {}).items()},
    )


def _object(name: str, body: Body) -> OrgObject:
    fields = tuple(field for field in rows_of(body, "fields") if str(field["fullName"]).endswith("__c"))
    return OrgObject(name, body, fields)


def _related(objects: Mapping[str, OrgObject], mapped: set[str]) -> set[str]:
    """Contract, its parties, what a field map names, and every custom object whose rows belong to one of them; no settings."""
    found = {name for name in (*STANDARD_OBJECTS, *mapped) if name in objects}
    while True:
        new = {
            name
            for name, candidate in objects.items()
            if name not in found and "customSettingsType" not in candidate.body and found & set(masters_of(candidate))
        }
        if not new:
            return found
        found |= new


def masters_of(candidate: OrgObject) -> Iterator[str]:
    return (str(field["referenceTo"]) for field in candidate.fields if field["type"] == "MasterDetail")


def rows_of(body: Body, element: str) -> list[Body]:
    """The repeated element, also when it stands once or not at all."""
    value = body.get(element, [])
    found: Iterable[object] = value if isinstance(value, list) else [value]
    return [row for row in found if isinstance(row, Mapping)]


def _access(name: str, body: Body) -> OrgAccess:
    entries = rows_of(body, "fieldPermissions")
    return OrgAccess(
        name=name,
        label=str(body.get("label", name)),
        description=str(body.get("description", "")),
        fields={str(row["field"]): row["editable"] == "true" for row in entries if row["readable"] == "true"},
        custom_permissions=tuple(str(row["name"]) for row in rows_of(body, "customPermissions")),
    )
