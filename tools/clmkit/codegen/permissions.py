"""Permission sets: who sees and changes what, from the spec's owners and audiences.

A deploy gives field access to nobody, so that a created field without an entry here deploys well and fails at run time ("No such
column 'X__c' on entity 'Contract'"): fields and entries come from the same list. Sources: Metadata API Developer Guide,
"PermissionSet"; Salesforce Help, "Permission Sets".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from clmkit.codegen.apex_process import makes_opportunities
from clmkit.codegen.names import (
    RENEWAL_OBJECT,
    custom_permission,
    described,
    linking_permission_set,
    muted_rights,
    name_object,
    notice_day,
    people_group,
    renewal_key,
    renewals_permission_set,
)
from clmkit.codegen.pages import tab_names
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded, publishes_changes
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import Audience, AudienceKind, FieldKind, FieldMapping, ObjectMapping, Owner, Role, Spec

INTEGRATION_USER_PERMISSIONS = ("ActivateContract", "ApiEnabled")

# "Permission Read Contract depends on permission(s): Read Account".
DEPENDS_ON_READ = {
    "Contact": ("Account",),
    "Contract": ("Account",),
    "Opportunity": ("Account",),
    "Order": ("Account", "Contract"),
}

# Permission sets and custom permissions take 255 characters, most other components 1,000.
DESCRIPTION_LIMIT = 255

READ, CREATE, EDIT = "allowRead", "allowCreate", "allowEdit"


def plan_permissions(spec: Spec) -> Iterator[PlannedFile]:
    """One permission set per audience, and the custom permission of the integration user."""
    name = custom_permission(spec)
    body: Body = {
        "description": described(
            spec,
            "Lets the integration user write the fields that the CLM owns. Give it to nobody else.",
            DESCRIPTION_LIMIT,
        ),
        "isLicensed": False,
        "label": f"{spec.prefix}: write fields the CLM owns",
    }
    yield generated(f"customPermissions/{name}.customPermission-meta.xml", MetadataXml("CustomPermission", body))
    for audience in spec.audiences:
        path = f"permissionsets/{audience.permission_set}.permissionset-meta.xml"
        yield generated(path, MetadataXml("PermissionSet", permission_set(spec, audience)))
    linked = [
        mapping for mapping in spec.objects if mapping.owner is Owner.SALESFORCE and mapping.key in mapping.created
    ]
    if linked:
        path = f"permissionsets/{linking_permission_set(spec)}.permissionset-meta.xml"
        yield generated(path, MetadataXml("PermissionSet", linking_set(spec, linked)))
    if makes_opportunities(spec):
        path = f"permissionsets/{renewals_permission_set(spec)}.permissionset-meta.xml"
        yield generated(path, MetadataXml("PermissionSet", renewals_set(spec)))
    if any(is_guarded(mapping) for mapping in spec.objects) and _has_people(spec):
        yield from _plan_group(spec)


def _has_people(spec: Spec) -> bool:
    return any(audience.kind is AudienceKind.PEOPLE for audience in spec.audiences)


def _plan_group(spec: Spec) -> Iterator[PlannedFile]:
    path = f"permissionsetgroups/{people_group(spec)}.permissionsetgroup-meta.xml"
    yield generated(path, MetadataXml("PermissionSetGroup", people_group_body(spec)))
    path = f"mutingpermissionsets/{muted_rights(spec)}.mutingpermissionset-meta.xml"
    yield generated(path, MetadataXml("MutingPermissionSet", muted_rights_body(spec)))


def permission_set(spec: Spec, audience: Audience) -> Body:
    """The whole set: a deploy replaces it, what is not listed is taken away."""
    body: dict[str, Value] = {
        "description": described(spec, audience.description, DESCRIPTION_LIMIT),
        "fieldPermissions": field_permissions(spec, audience),
        "hasActivationRequired": False,
        "label": audience.label,
        "objectPermissions": object_permissions(spec, audience),
    }
    if visible := record_type_visibilities(spec, audience):
        body["recordTypeVisibilities"] = visible
    if audience.kind is AudienceKind.INTEGRATION_USER:
        body["customPermissions"] = [{"enabled": True, "name": custom_permission(spec)}]
        body["userPermissions"] = [{"enabled": True, "name": name} for name in _user_permissions(spec)]
        return body
    if spec.presentation and spec.presentation.app:
        body["applicationVisibilities"] = [{"application": spec.presentation.app, "visible": True}]
    body["tabSettings"] = [{"tab": tab, "visibility": "Visible"} for tab in sorted(_tabs(spec, audience))]
    return body


def record_type_visibilities(spec: Spec, audience: Audience) -> list[Body]:
    """The record types of the objects that the audience reads: without an entry nobody can put a record into one."""
    names = sorted(
        f"{mapping.salesforce}.{kind.developer_name}"
        for mapping in spec.objects
        if any(may_read(audience, field) for field in mapping.columns)
        for kind in mapping.record_types
        if kind.active
    )
    return [{"recordType": name, "visible": True} for name in names]


def _tabs(spec: Spec, audience: Audience) -> Iterator[str]:
    """The tabs of the objects that the audience reads anything of."""
    tabs = tab_names(spec)
    for mapping in spec.objects:
        if mapping.name in tabs and any(may_read(audience, field) for field in mapping.columns):
            yield tabs[mapping.name]


def people_group_body(spec: Spec) -> Body:
    """The group of the people who work with contracts: their sets, and the muting set that no set added later overrides."""
    sets = [audience.permission_set for audience in spec.audiences if audience.kind is AudienceKind.PEOPLE]
    return {
        "description": described(
            spec, "Everybody who works with contracts; what only the CLM may do stays muted.", DESCRIPTION_LIMIT
        ),
        "hasActivationRequired": False,
        "label": f"{spec.prefix} People",
        "mutingPermissionSets": [muted_rights(spec)],
        "permissionSets": sorted(sets),
        "status": "Updated",
    }


def muted_rights_body(spec: Spec) -> Body:
    """What nobody in the group may do, whichever set is added to it: create, delete and take over what the CLM writes."""
    guarded = sorted(mapping.salesforce for mapping in spec.objects if is_guarded(mapping))
    muted = {CREATE, "allowDelete", "modifyAllRecords"}
    return {
        "customPermissions": [{"enabled": True, "name": custom_permission(spec)}],
        "description": described(
            spec, "True means muted: only the CLM creates and deletes its rows.", DESCRIPTION_LIMIT
        ),
        "hasActivationRequired": False,
        "label": f"{spec.prefix} People Muted",
        "objectPermissions": [_object_permission(name, muted) for name in guarded],
    }


def linking_set(spec: Spec, linked: list[ObjectMapping]) -> Body:
    """Edit the CLM's key on records that Salesforce owns: no audience writes it, and without it no row finds its record."""
    keys = sorted(f"{mapping.salesforce}.{mapping.key.salesforce}" for mapping in linked)
    rights = {mapping.salesforce: {READ, EDIT} for mapping in linked}
    for mapping in linked:
        for name in DEPENDS_ON_READ.get(mapping.salesforce, ()):
            rights.setdefault(name, set()).add(READ)
    purpose = "For data loads and for those who say which record is which counterparty of the CLM."
    return {
        "description": described(spec, purpose, DESCRIPTION_LIMIT),
        "fieldPermissions": [{"editable": True, "field": key, "readable": True} for key in keys],
        "hasActivationRequired": False,
        "label": f"{spec.prefix} Linking",
        "objectPermissions": _object_permissions(rights),
    }


def renewals_set(spec: Spec) -> Body:
    """Read which agreement an opportunity renews. A set of its own: no mapping of contracts opens opportunities to its readers."""
    rights = {name: {READ} for name in (*DEPENDS_ON_READ[RENEWAL_OBJECT], RENEWAL_OBJECT)}
    purpose = "For those who look after renewal opportunities: which agreement each of them renews."
    return {
        "description": described(spec, purpose, DESCRIPTION_LIMIT),
        "fieldPermissions": [{"editable": False, "field": f"{RENEWAL_OBJECT}.{renewal_key(spec)}", "readable": True}],
        "hasActivationRequired": False,
        "label": f"{spec.prefix} Renewals",
        "objectPermissions": _object_permissions(rights),
    }


def _user_permissions(spec: Spec) -> Iterable[str]:
    is_contract = spec.find_object_of("Contract") is not None
    return (name for name in INTEGRATION_USER_PERMISSIONS if is_contract or name != "ActivateContract")


def field_permissions(spec: Spec, audience: Audience) -> list[Body]:
    """The entries of every field that this audience may read."""
    entries: list[tuple[str, bool]] = []
    for mapping in spec.objects:
        for field in mapping.columns:
            if takes_field_security(field) and may_read(audience, field):
                entries.append((f"{mapping.salesforce}.{field.salesforce}", may_edit(audience, mapping, field)))
    if day := _notice_day_of(spec, audience):
        entries.append((day, False))
    return [{"editable": editable, "field": field, "readable": True} for field, editable in sorted(entries)]


def _notice_day_of(spec: Spec, audience: Audience) -> str:
    """The last day for notice, which generated Apex keeps: seen by those who see the end that it is counted from; "" for others."""
    header, renewal = spec.header, spec.renewal
    if header is None or renewal is None:
        return ""
    ends = [field for field in header.columns if field.name == renewal.end]
    is_seen = any(may_read(audience, field) for field in header.columns) and all(
        may_read(audience, one) for one in ends
    )
    return f"{header.salesforce}.{notice_day(spec)}" if is_seen else ""


def takes_field_security(field: FieldMapping) -> bool:
    """Whether a permission set may name the field: "You cannot deploy to a required field", nor to a master-detail one."""
    return field.has_fls and not field.required and field.type.kind is not FieldKind.MASTER_DETAIL


def may_read(audience: Audience, field: FieldMapping) -> bool:
    return audience.kind is AudienceKind.INTEGRATION_USER or audience.name in field.audience


def may_edit(audience: Audience, mapping: ObjectMapping, field: FieldMapping) -> bool:
    """The integration user edits what flows to Salesforce; people edit what the spec names them an editor of."""
    if audience.kind is not AudienceKind.INTEGRATION_USER:
        return audience.name in field.editors
    if field.role is Role.KEY:
        return mapping.owner is not Owner.SALESFORCE or any(other.seed for other in mapping.columns)
    return field.to_salesforce or field.seed


def object_permissions(spec: Spec, audience: Audience) -> list[Body]:
    """The entries of the mapped objects, of those that references lead to, and of the change events."""
    granted: dict[str, set[str]] = {}
    for mapping in spec.objects:
        readable = [field for field in mapping.columns if may_read(audience, field)]
        if not readable:
            continue
        rights = granted.setdefault(mapping.salesforce, set())
        rights.add(READ)
        if any(may_edit(audience, mapping, field) for field in readable):
            rights.update(_write_rights(audience, mapping))
        for name in (*DEPENDS_ON_READ.get(mapping.salesforce, ()), *_masters(mapping)):
            granted.setdefault(name, set()).add(READ)
        if audience.kind is AudienceKind.INTEGRATION_USER:
            for name in _referenced(readable):
                granted.setdefault(name, set()).add(READ)
            if publishes_changes(mapping):
                granted.setdefault(name_object(spec, mapping).event, set()).add(READ)
    return _object_permissions(granted)


def _object_permissions(granted: Mapping[str, set[str]]) -> list[Body]:
    """One entry an object; `User` takes none, users are opened by system permissions."""
    return [_object_permission(name, rights) for name, rights in sorted(granted.items()) if name != "User"]


def _write_rights(audience: Audience, mapping: ObjectMapping) -> set[str]:
    """Only the integration user creates; nobody deletes: a row that the CLM no longer has is marked, not removed."""
    is_integration = audience.kind is AudienceKind.INTEGRATION_USER
    creates = is_integration and (mapping.owner is not Owner.SALESFORCE or any(field.seed for field in mapping.columns))
    return {EDIT, CREATE} if creates else {EDIT}


def _masters(mapping: ObjectMapping) -> Iterator[str]:
    return (field.type.reference_to for field in mapping.columns if field.type.kind is FieldKind.MASTER_DETAIL)


def _referenced(fields: Iterable[FieldMapping]) -> Iterator[str]:
    """The objects that a reference reads."""
    return (field.reference.object for field in fields if field.reference)


def _object_permission(name: str, rights: set[str]) -> Body:
    return {
        "allowCreate": CREATE in rights,
        "allowDelete": "allowDelete" in rights,
        "allowEdit": EDIT in rights,
        "allowRead": READ in rights,
        "modifyAllRecords": "modifyAllRecords" in rights,
        "object": name,
        "viewAllRecords": False,
    }
