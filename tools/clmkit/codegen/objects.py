"""Objects, value sets and settings: everything of the schema but the fields.

A standard object gets no object file: it would carry one org's action overrides and sharing defaults into every other org.
Sources: Metadata API Developer Guide, "CustomObject", "StandardValueSet", "GlobalValueSet", "ContractSettings".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clmkit.codegen.fields import field_body, picklist_values
from clmkit.codegen.names import compact_layout, described
from clmkit.codegen.plan import MetadataXml, PlannedFile, generated
from clmkit.codegen.rules import is_guarded
from clmkit.codegen.xml import Body, Value
from clmkit.mapping.model import ObjectMapping, Spec

CONTRACT_SETTINGS = "ContractSettings"
DRAFT = "Draft"


def plan_objects(spec: Spec) -> Iterator[PlannedFile]:
    """The custom objects and the created fields of every mapped object."""
    for mapping in spec.objects:
        folder = f"objects/{mapping.salesforce}"
        if mapping.custom:
            yield generated(
                f"{folder}/{mapping.salesforce}.object-meta.xml",
                MetadataXml("CustomObject", object_body(spec, mapping)),
            )
        for field in mapping.created:
            path = f"{folder}/fields/{field.salesforce}.field-meta.xml"
            yield generated(path, MetadataXml("CustomField", field_body(spec, mapping, field)))


def object_body(spec: Spec, mapping: ObjectMapping) -> Body:
    """The CustomObject of a mapped custom object."""
    is_detail = mapping.sharing == "ControlledByParent"
    return {
        "compactLayoutAssignment": compact_layout(spec) if is_guarded(mapping) and spec.presentation else "SYSTEM",
        "deploymentStatus": "Deployed",
        "description": described(spec, mapping.description),
        "enableActivities": spec.renewal is not None
        and mapping is spec.header,  # the reminder's tasks are about its records
        "enableBulkApi": True,
        "enableFeeds": False,
        "enableHistory": any(field.track_history for field in mapping.columns),
        "enableReports": True,
        "enableSearch": True,
        "enableSharing": True,
        "enableStreamingApi": True,
        "externalSharingModel": "ControlledByParent" if is_detail else "Private",
        "label": mapping.label,
        "nameField": _name_field(mapping),
        "pluralLabel": mapping.plural_label,
        "sharingModel": mapping.sharing,
        "visibility": "Public",
    }


def _name_field(mapping: ObjectMapping) -> Body:
    """Numbered by the org, or text when the spec maps `Name`."""
    if mapping.name_format:
        return {"displayFormat": mapping.name_format, "label": mapping.name_field, "type": "AutoNumber"}
    return {"label": mapping.name_field, "type": "Text"}


def plan_value_sets(spec: Spec) -> Iterator[PlannedFile]:
    """The global value sets that fields refer to, and the contract statuses of the lifecycle."""
    for values in spec.value_maps:
        if values.global_set:
            body: Body = {
                "customValue": picklist_values(values),
                "description": described(spec, ""),
                "masterLabel": values.label,
                "sorted": False,
            }
            yield generated(
                f"globalValueSets/{values.global_set}.globalValueSet-meta.xml", MetadataXml("GlobalValueSet", body)
            )
    if spec.lifecycle and spec.find_object_of("Contract"):
        yield generated(
            "standardValueSets/ContractStatus.standardValueSet-meta.xml",
            MetadataXml("StandardValueSet", contract_status(spec)),
        )


def contract_status(spec: Spec) -> Body:
    """Every status with its category, and inactive those that only old records hold.

    Always the full list, since what a deploy does with a value left out is not settled.
    """
    states = spec.lifecycle.states if spec.lifecycle else ()
    categories = {state.status: state.category for state in states}
    meanings = {state.name: state.category for state in states}
    default = find_default_status(spec)
    return {
        "groupingStringEnum": "ContractStatusCode",
        "sorted": False,
        "standardValue": [
            {"fullName": status, "default": status == default, "groupingString": category, "label": status}
            for status, category in categories.items()
        ]
        + [
            {
                "fullName": status,
                "default": False,
                "groupingString": meanings[state],
                "isActive": False,
                "label": status,
            }
            for status, state in (spec.lifecycle.old_statuses if spec.lifecycle else ())
        ],
    }


def find_default_status(spec: Spec) -> str | None:
    """The status of a contract that is created without one: Draft, or the first of its category."""
    states = spec.lifecycle.states if spec.lifecycle else ()
    drafts = [state.status for state in states if state.category == DRAFT]
    return DRAFT if DRAFT in drafts else next(iter(drafts), None)


def plan_settings(spec: Spec) -> Iterator[PlannedFile]:
    """The org settings that mapped fields depend on; they must reach the org before the Apex that relies on them."""
    for name, body in wanted_settings(spec).items():
        yield generated(f"settings/{name.removesuffix('Settings')}.settings-meta.xml", MetadataXml(name, body))


def wanted_settings(spec: Spec) -> Mapping[str, Mapping[str, Value]]:
    """Settings type -> element -> value."""
    wanted: dict[str, dict[str, Value]] = {}
    for mapping in spec.objects:
        for field in mapping.columns:
            for setting, value in field.requires:
                name, _, element = setting.partition(".")
                wanted.setdefault(name, {})[element] = value
        if mapping.salesforce == "Contract" and any(field.track_history for field in mapping.columns):
            wanted.setdefault(CONTRACT_SETTINGS, {})["enableContractHistoryTracking"] = "true"
    return wanted
