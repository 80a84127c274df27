"""The Tooling API's objects about metadata, computed from schema and components when a query asks for them.

Source: "Tooling API Objects" (Tooling API Developer Guide). Ids of EntityDefinition and FieldDefinition are their
durable ids, by which relationships are followed. Nothing was ever installed, so the package objects have no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from orgtwin.metadata.component import Component
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.test_suites import membership_rows, suite_rows
from orgtwin.organization import Organization
from orgtwin.records.model import Caller, Value
from orgtwin.schema.model import Field, FieldType, SObjectType
from orgtwin.soql.catalog import VirtualTable, VirtualTables

FindService = Callable[[], MetadataService]
Values = dict[str, Value]
Rows = Callable[[MetadataService], Iterable[Values]]

_TYPES = {
    "b": FieldType.BOOLEAN,
    "i": FieldType.INT,
    "d": FieldType.DATETIME,
    "t": FieldType.TEXTAREA,
    "c": FieldType.COMPLEX_VALUE,
}
_DURABLE = ("EntityDefinition", "FieldDefinition", "TabDefinition")
"""Objects whose rows others name by durable ids, which are texts."""
_LENGTH = 255
_LONG = 32_000


def register_tables(tables: VirtualTables, find_service: FindService) -> None:
    """Make the objects of this module queryable."""
    for name, (fields, rows) in TABLES.items():
        tables.register(VirtualTable(tooling_type(name, fields), _provider(find_service, rows)))


def _provider(find_service: FindService, rows: Rows) -> Callable[[Organization, Caller], Iterable[Mapping[str, Value]]]:
    return lambda _org, _caller: rows(find_service())


def tooling_type(name: str, fields: str) -> SObjectType:
    """An object of these fields, besides Id. `_field` tells how one is written."""
    return SObjectType(
        name,
        name,
        name,
        "",
        tuple(_field(text) for text in ("Id", *fields.split())),
        createable=False,
        updateable=False,
        deletable=False,
        setup=True,
    )


def _field(text: str) -> Field:
    """`Name`, `Name:b` (boolean), `Name:i`, `Name:d`, `Name:t` (long text), `Name:c` (complex value), or `NameId>Type`, also
    `NameId>Type,Type` and `NameId>Type/Children`, for a relationship called Name, and Children seen from the other side."""
    name, _, target = text.partition(">")
    target, _, children = target.partition("/")
    name, _, kind = name.partition(":")
    plain = FieldType.REFERENCE if target and target not in _DURABLE else FieldType.STRING
    field_type = FieldType.ID if name == "Id" else _TYPES.get(kind, plain)
    return Field(
        name,
        name,
        field_type,
        length=_LONG if kind == "t" else _LENGTH,
        nillable=field_type is not FieldType.BOOLEAN,
        createable=False,
        updateable=False,
        permissionable=False,
        name_field=name in ("DeveloperName", "QualifiedApiName", "MemberName", "ValidationName"),
        reference_to=tuple(target.split(",")) if target else (),
        relationship_name=name.removesuffix("Id") if target else None,
        child_relationship_name=children or None,
    )


def _source_members(service: MetadataService) -> Iterator[Values]:
    for member in service.source_members():
        yield {
            "Id": member.id,
            "MemberIdOrName": member.member_id_or_name,
            "MemberType": member.member_type,
            "MemberName": member.member_name,
            "IsNameObsolete": member.is_name_obsolete,
            "RevisionCounter": member.revision_counter,
            "RevisionNum": member.revision_counter,
            "IsNewMember": member.is_new,
            "ChangedBy": member.changed_by,
            "LastModifiedDate": member.last_modified,
        }


def _entities(service: MetadataService) -> Iterator[Values]:
    for sobject_type in service.org.schema:
        name = sobject_type.api_name
        yield {
            "Id": name,
            "DurableId": name,
            "QualifiedApiName": name,
            "DeveloperName": _stem(name),
            "Label": sobject_type.label,
            "MasterLabel": sobject_type.label,
            "PluralLabel": sobject_type.label_plural,
            "KeyPrefix": sobject_type.key_prefix,
            "InternalSharingModel": sobject_type.sharing_model,
            "ExternalSharingModel": sobject_type.sharing_model,
            "IsCustomizable": not sobject_type.setup,
            "IsCustomSetting": sobject_type.custom_setting is not None,
            "IsQueryable": sobject_type.queryable,
            "IsApexTriggerable": sobject_type.createable and not sobject_type.setup,
            "IsEverCreatable": sobject_type.createable,
            "IsEverUpdatable": sobject_type.updateable,
            "IsEverDeletable": sobject_type.deletable,
            "PublisherId": "<local>" if sobject_type.custom else "System",
            "IsLayoutable": sobject_type.createable and not sobject_type.setup,
            "IsSearchable": sobject_type.createable and not sobject_type.setup,
            "IsWorkflowEnabled": sobject_type.createable and not sobject_type.setup,
            "DetailUrl": "/{ID}",
            "EditUrl": "/{ID}/e",
            "NewUrl": f"/{sobject_type.key_prefix}/e" if sobject_type.key_prefix else None,
        }


def _field_definitions(service: MetadataService) -> Iterator[Values]:
    for sobject_type in service.org.schema:
        for field in sobject_type.fields:
            yield {
                **_field_values(sobject_type, field),
                "DataType": _data_type(field),
                "IsIndexed": field.unique or field.external_id or field.is_relationship,
                "IsFieldHistoryTracked": field.track_history,
                "Description": field.description,
            }


def _field_values(sobject_type: SObjectType, field: Field) -> Values:
    """What FieldDefinition and EntityParticle tell of a field alike. A compound field is one particle here (ASSUMED)."""
    durable = f"{sobject_type.api_name}.{field.api_name}"
    return {
        "Id": durable,
        "DurableId": durable,
        "EntityDefinitionId": sobject_type.api_name,
        "QualifiedApiName": field.api_name,
        "DeveloperName": _stem(field.api_name),
        "Label": field.label,
        "MasterLabel": field.label,
        "Length": field.length,
        "Precision": field.precision,
        "Scale": field.scale,
        "IsNillable": field.nillable,
        "IsCalculated": field.calculated,
        "IsNameField": field.name_field,
        "RelationshipName": field.relationship_name,
    }


def _particles(service: MetadataService) -> Iterator[Values]:
    for sobject_type in service.org.schema:
        for field in sobject_type.fields:
            yield {
                **_field_values(sobject_type, field),
                "FieldDefinitionId": f"{sobject_type.api_name}.{field.api_name}",
                "DataType": field.type.value.lower(),
                "IsCreatable": field.createable,
                "IsUpdatable": field.updateable,
                "IsUnique": field.unique,
                "IsIdLookup": field.id_lookup,
                "InlineHelpText": field.help_text,
            }


_DATA_TYPES = {
    FieldType.STRING: "Text({length})",
    FieldType.TEXTAREA: "Long Text Area({length})",
    FieldType.INT: "Number({whole}, 0)",
    FieldType.DOUBLE: "Number({whole}, {scale})",
    FieldType.CURRENCY: "Currency({whole}, {scale})",
    FieldType.PERCENT: "Percent({whole}, {scale})",
    FieldType.BOOLEAN: "Checkbox",
    FieldType.DATE: "Date",
    FieldType.DATETIME: "Date/Time",
    FieldType.PICKLIST: "Picklist",
    FieldType.MULTIPICKLIST: "Picklist (Multi-Select)",
    FieldType.EMAIL: "Email",
    FieldType.PHONE: "Phone",
    FieldType.URL: "URL({length})",
}


def _data_type(field: Field) -> str:
    """As Setup shows it."""
    if field.reference_to:
        return f"{'Master-Detail' if field.is_master_detail else 'Lookup'}({', '.join(field.reference_to)})"
    if field.auto_number:
        return "Auto Number"
    pattern = _DATA_TYPES.get(field.type, field.type.value)
    return pattern.format(length=field.length, whole=field.precision - field.scale, scale=field.scale)


def _stem(name: str) -> str:
    return name.rpartition("__")[0] or name


def _custom_objects(service: MetadataService) -> Iterator[Values]:
    for component in service.components.of_type("CustomObject"):
        if "__" in component.full_name:
            yield {**_named(component, _stem(component.full_name)), "Description": component.body.value("description")}


def _custom_fields(service: MetadataService) -> Iterator[Values]:
    for component in service.components.of_type("CustomField"):
        parent, _, name = component.full_name.partition(".")
        if name.endswith("__c"):
            yield {**_named(component, _stem(name)), "TableEnumOrId": parent, "EntityDefinitionId": parent}


def _validation_rules(service: MetadataService) -> Iterator[Values]:
    for component in service.components.of_type("ValidationRule"):
        parent, _, name = component.full_name.partition(".")
        yield {
            **_base(component),
            "ValidationName": name,
            "EntityDefinitionId": parent,
            "Active": component.body.flag("active"),
            "ErrorMessage": component.body.value("errorMessage"),
            "ErrorDisplayField": component.body.value("errorDisplayField"),
            "Description": component.body.value("description"),
        }


def _flow_definitions(service: MetadataService) -> Iterator[Values]:
    for component in service.components.of_type("Flow"):
        is_active = component.body.value("status") == "Active"
        yield {
            **_named(component, component.full_name),
            "Id": definition_id(component),
            "MasterLabel": component.body.value("label"),
            "LatestVersionId": component.id,
            "ActiveVersionId": component.id if is_active else None,
        }


def definition_id(flow: Component) -> str:
    """The FlowDefinition of a flow; a redeployed flow keeps its one version here, so both count alike."""
    return "300" + flow.id[3:]


def _flows(service: MetadataService) -> Iterator[Values]:
    for component in service.components.of_type("Flow"):
        yield {
            **_base(component),
            "DefinitionId": definition_id(component),
            "MasterLabel": component.body.value("label"),
            "VersionNumber": 1,
            "Status": component.body.value("status") or "Draft",
            "ProcessType": component.body.value("processType"),
            "Description": component.body.value("description"),
        }


def _layouts(service: MetadataService) -> Iterator[Values]:
    for component in service.components.of_type("Layout"):
        parent, _, name = component.full_name.partition("-")
        yield {**_base(component), "Name": name, "TableEnumOrId": parent, "EntityDefinitionId": parent}


def _channel_members(service: MetadataService) -> Iterator[Values]:
    for component in service.components.of_type("PlatformEventChannelMember"):
        body = component.body
        more: Values = {"EventChannel": body.value("eventChannel"), "SelectedEntity": body.value("selectedEntity")}
        yield {**_named(component, component.full_name), **more, "FilterExpression": body.value("filterExpression")}


def _components(type_name: str) -> Rows:
    def rows(service: MetadataService) -> Iterator[Values]:
        for component in service.components.of_type(type_name):
            label = component.body.value("label") or component.body.value("masterLabel")
            yield {**_named(component, component.full_name), "MasterLabel": label}

    return rows


def _none(_service: MetadataService) -> Iterable[Values]:
    return ()


def _base(component: Component) -> Values:
    return {
        "Id": component.id or component.full_name,
        "NamespacePrefix": None,
        "ManageableState": "unmanaged",
        "CreatedDate": component.created_date,
        "CreatedById": component.created_by,
        "LastModifiedDate": component.modified_date,
        "LastModifiedById": component.modified_by,
    }


def _named(component: Component, developer_name: str) -> Values:
    return {**_base(component), "DeveloperName": developer_name}


_BASE = "NamespacePrefix ManageableState CreatedDate:d CreatedById>User LastModifiedDate:d LastModifiedById>User "
_NAMED = _BASE + "DeveloperName "
_LABELLED = _NAMED + "MasterLabel "

TABLES: Mapping[str, tuple[str, Rows]] = {
    "SourceMember": (
        "MemberIdOrName MemberType MemberName IsNameObsolete:b RevisionCounter:i RevisionNum:i IsNewMember:b ChangedBy "
        "LastModifiedDate:d",
        _source_members,
    ),
    "EntityDefinition": (
        "DurableId QualifiedApiName DeveloperName Label MasterLabel PluralLabel KeyPrefix NamespacePrefix InternalSharingModel "
        "ExternalSharingModel IsCustomizable:b IsCustomSetting:b IsQueryable:b IsApexTriggerable:b IsEverCreatable:b "
        "IsEverUpdatable:b IsEverDeletable:b IsLayoutable:b IsSearchable:b IsWorkflowEnabled:b PublisherId "
        "DetailUrl EditUrl NewUrl",
        _entities,
    ),
    "FieldDefinition": (
        "DurableId EntityDefinitionId>EntityDefinition QualifiedApiName DeveloperName NamespacePrefix Label MasterLabel DataType "
        "Length:i Precision:i Scale:i IsNillable:b IsCalculated:b IsNameField:b IsIndexed:b IsFieldHistoryTracked:b Description:t "
        "RelationshipName",
        _field_definitions,
    ),
    "EntityParticle": (
        "DurableId EntityDefinitionId>EntityDefinition FieldDefinitionId>FieldDefinition QualifiedApiName "
        "DeveloperName Label MasterLabel DataType Length:i Precision:i Scale:i IsNillable:b IsCalculated:b IsNameField:b "
        "IsCreatable:b IsUpdatable:b IsUnique:b IsIdLookup:b RelationshipName InlineHelpText:t",
        _particles,
    ),
    "CustomObject": (_NAMED + "Description:t", _custom_objects),
    "CustomField": (_NAMED + "TableEnumOrId EntityDefinitionId>EntityDefinition", _custom_fields),
    "ValidationRule": (
        _BASE
        + "ValidationName EntityDefinitionId>EntityDefinition Active:b ErrorMessage ErrorDisplayField Description:t",
        _validation_rules,
    ),
    "FlowDefinition": (_LABELLED + "LatestVersionId>Flow ActiveVersionId>Flow", _flow_definitions),
    "Flow": (
        _BASE + "DefinitionId>FlowDefinition MasterLabel VersionNumber:i Status ProcessType Description:t",
        _flows,
    ),
    "Layout": (_BASE + "Name TableEnumOrId EntityDefinitionId>EntityDefinition", _layouts),
    "PlatformEventChannel": (_LABELLED, _components("PlatformEventChannel")),
    "PlatformEventChannelMember": (_NAMED + "EventChannel SelectedEntity FilterExpression:t", _channel_members),
    "GlobalValueSet": (_LABELLED, _components("GlobalValueSet")),
    "FlexiPage": (_LABELLED, _components("FlexiPage")),
    "CustomApplication": (_LABELLED, _components("CustomApplication")),
    "CustomTab": (_LABELLED, _components("CustomTab")),
    "ApexTestSuite": ("TestSuiteName", suite_rows),
    "TestSuiteMembership": ("ApexTestSuiteId>ApexTestSuite ApexClassId>ApexClass", membership_rows),
    "RemoteProxy": (_LABELLED, _components("RemoteSiteSetting")),
    "SubscriberPackage": ("Name NamespacePrefix Description:t", _none),
    "SubscriberPackageVersion": (
        "SubscriberPackageId>SubscriberPackage Name MajorVersion:i MinorVersion:i PatchVersion:i BuildNumber:i IsBeta:b",
        _none,
    ),
    "InstalledSubscriberPackage": (
        "SubscriberPackageId>SubscriberPackage SubscriberPackageVersionId>SubscriberPackageVersion MinPackageVersionId",
        _none,
    ),
}
