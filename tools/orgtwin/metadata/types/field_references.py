"""Relationship and roll-up fields, and what keeps a field from being deleted.

Sources: "CustomField" (Metadata API Developer Guide), "Relationships Among Objects" (Object Reference).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.schema_draft import ObjectDraft
from orgtwin.metadata.types.sharing import keep_shares
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node
from orgtwin.schema.model import EXTERNAL, Field, FieldType

_MAX_MASTERS = 2
_REFERENCE_LENGTH = 18
_ORDERS = ("sum", "min", "max", "count")
_HOLDERS = (
    ("ValidationRule", "Validation Rule", ("errorConditionFormula",)),
    ("WorkflowRule", "Workflow Rule", ("formula", "field")),
    ("WorkflowFieldUpdate", "Workflow Field Update", ("formula", "field")),
    ("AssignmentRule", "Assignment Rule", ("formula", "field")),
    ("Flow", "Flow", ("field", "targetField", "elementReference", "expression")),
    ("Layout", "", ()),
)
"""Component types whose text can name a field, with the label of the refusal and the elements to look in.

ASSUMED: the labels of what belongs to workflow and assignment.
"""
_OF_OBJECT = frozenset(("ValidationRule", "WorkflowRule", "WorkflowFieldUpdate", "AssignmentRule"))


def lookup_properties(
    workspace: Workspace, draft: ObjectDraft, name: str, node: Node, _before: Field | None
) -> dict[str, object]:
    target = _target(workspace, draft, node)
    if target.api_name.endswith(EXTERNAL):
        raise ComponentRefused(f"In field: referenceTo - {target.api_name} is an external object")  # ASSUMED text
    constraint = node.value("deleteConstraint") or "SetNull"
    if node.flag("required") and constraint == "SetNull":
        raise ComponentRefused("Must specify either cascade delete or restrict delete for required lookup foreign key.")
    return {
        **_relationship(workspace, draft, name, node, target),
        "cascade_delete": constraint == "Cascade",
        "restricted_delete": constraint == "Restrict",
    }


def hierarchy_properties(
    workspace: Workspace, draft: ObjectDraft, name: str, node: Node, before: Field | None
) -> dict[str, object]:
    """Users above users. Source: "Object Relationships Overview" (Salesforce Help): available for only the user object."""
    if draft.api_name != "User":
        raise ComponentRefused(f"Hierarchy is not a valid field type for {draft.api_name}")  # ASSUMED text
    return lookup_properties(workspace, draft, name, node, before)


def external_lookup_properties(
    workspace: Workspace, draft: ObjectDraft, name: str, node: Node, _before: Field | None
) -> dict[str, object]:
    """The parent is an external object, the value its External ID. Source: "External Object Relationships" (Salesforce Help)."""
    target = _target(workspace, draft, node)
    if not target.api_name.endswith(EXTERNAL):
        raise ComponentRefused(f"In field: referenceTo - {target.api_name} is not an external object")  # ASSUMED text
    return _relationship(workspace, draft, name, node, target)


def metadata_relationship_properties(
    workspace: Workspace, draft: ObjectDraft, name: str, node: Node, _before: Field | None
) -> dict[str, object]:
    """A custom metadata type points at a record of another, by id, or at a definition of the schema, by its name."""
    if (node.value("referenceTo") or "").endswith("__mdt"):
        target = _target(workspace, draft, node)
        return {
            **_relationship(workspace, draft, name, node, target),
            "type": FieldType.REFERENCE,
            "length": _REFERENCE_LENGTH,
        }
    return {"reference_to": (node.value("referenceTo"),), "relationship_name": re.sub("__c$", "__r", name)}


def master_detail_properties(
    workspace: Workspace, draft: ObjectDraft, name: str, node: Node, before: Field | None
) -> dict[str, object]:
    target = _target(workspace, draft, node)
    if not draft.shell.custom:
        raise ComponentRefused(f"Cannot create a MasterDetail relationship field on {draft.api_name}")  # ASSUMED
    masters = [
        field for field in draft.fields.values() if field.is_master_detail and field.api_name.lower() != name.lower()
    ]
    if len(masters) >= _MAX_MASTERS:
        raise ComponentRefused(
            f"{draft.api_name} already has {_MAX_MASTERS} MasterDetail relationship fields"
        )  # ASSUMED
    if before is None or not before.is_master_detail:
        _check_no_orphans(workspace, draft, name)
    _follow_the_master(workspace, draft)
    return {
        **_relationship(workspace, draft, name, node, target),
        "cascade_delete": True,
        "master_detail_order": node.number("relationshipOrder") or len(masters),
        "write_requires_master_read": node.flag("writeRequiresMasterRead"),
        "updateable": node.flag("reparentableMasterDetail"),
        "nillable": False,
        "required": False,
        "permissionable": False,
    }


def _follow_the_master(workspace: Workspace, draft: ObjectDraft) -> None:
    """A detail has no owner and no sharing of its own."""
    component = workspace.find("CustomObject", draft.api_name)
    stated = component.body.value("sharingModel") if component else None
    if stated not in (None, "ControlledByParent"):
        raise ComponentRefused(
            f"Cannot set sharingModel to {stated} on a CustomObject with a MasterDetail relationship field"
        )
    draft.shell = replace(draft.shell, sharing_model="ControlledByParent")
    draft.fields.pop("ownerid", None)
    keep_shares(workspace, draft)


def _check_no_orphans(workspace: Workspace, draft: ObjectDraft, name: str) -> None:
    """Rows without a master may not exist: the field is added to an empty object, or made from a filled lookup."""
    if workspace.org.schema.find_type(draft.api_name) is None:
        return
    table = workspace.org.table(draft.api_name)
    if draft.find_field(name) is None:
        orphans = len(table)
    else:
        read = table.reader(name)
        orphans = sum(1 for row in table.rows() if read(row) is None)
    if orphans:
        raise ComponentRefused(
            f"{draft.api_name} has {orphans} records without a master; fill a Lookup field first"
        )  # ASSUMED


def _target(workspace: Workspace, draft: ObjectDraft, node: Node) -> ObjectDraft:
    name = node.value("referenceTo") or draft.api_name
    target = workspace.schema.find(name)
    if target is None:
        raise ComponentRefused(f"In field: referenceTo - no CustomObject named {name} found")
    return target


def _relationship(
    workspace: Workspace, draft: ObjectDraft, name: str, node: Node, target: ObjectDraft
) -> dict[str, object]:
    child_name = node.value("relationshipName")
    if child_name is not None:
        taken = workspace.schema.child_relationship(target.api_name, _child_name(child_name, name))
        if taken is not None and (taken[0].lower(), taken[1].lower()) != (draft.api_name.lower(), name.lower()):
            raise ComponentRefused(f"There is already a Child Relationship named {child_name} on {target.shell.label}.")
    return {
        "reference_to": (target.api_name,),
        "relationship_name": re.sub("__c$", "__r", name),
        "child_relationship_name": _child_name(child_name, name) if child_name else None,
    }


def _child_name(relationship_name: str, field_name: str) -> str:
    return f"{relationship_name}__r" if field_name.endswith("__c") else relationship_name


def summary_properties(
    workspace: Workspace, draft: ObjectDraft, _name: str, node: Node, _before: Field | None
) -> dict[str, object]:
    """Type and size come from the field summed up; a count is a whole number."""
    foreign_key, operation = node.value("summaryForeignKey") or "", node.value("summaryOperation") or ""
    child, master_field = _qualified(workspace, foreign_key)
    if not master_field.is_master_detail or draft.api_name not in master_field.reference_to:
        contract_order = (child.api_name, master_field.api_name) in _STANDARD_MASTERS.get(draft.api_name, ())
        if not contract_order:
            raise ComponentRefused(
                f"In field: summaryForeignKey - no MasterDetail field named {foreign_key} found"
            )  # ASSUMED
    properties: dict[str, object] = {
        "calculated": True,
        "createable": False,
        "updateable": False,
        "summary": (f"{child.api_name}.{master_field.api_name}", operation, None),
        "summary_filters": tuple(_filter_item(item) for item in node.all("summaryFilterItems")),
        "type": FieldType.DOUBLE,
        "precision": 18,
    }
    summarized = node.value("summarizedField")
    if operation == "count":
        return properties
    if summarized is None:
        raise ComponentRefused("Must specify 'summarizedField' for a CustomField of type Summary")
    summed_object, summed = _qualified(workspace, summarized)
    if summed_object.api_name != child.api_name:
        raise ComponentRefused(
            f"In field: summarizedField - no CustomField named {summarized} found on {child.api_name}"
        )  # ASSUMED
    properties["summary"] = (f"{child.api_name}.{master_field.api_name}", operation, summed.api_name)
    return {**properties, "type": summed.type, "scale": summed.scale}


def _filter_item(item: Node) -> tuple[str, str, str]:
    return item.value("field") or "", item.value("operation") or "", item.value("value") or ""


_STANDARD_MASTERS = {
    "Account": (("Opportunity", "AccountId"),),
    "Campaign": (("CampaignMember", "CampaignId"),),
    "Contract": (("Order", "ContractId"),),
    "Opportunity": (("OpportunityLineItem", "OpportunityId"),),
    "Order": (("OrderItem", "OrderId"),),
    "Quote": (("QuoteLineItem", "QuoteId"),),
}
"""Standard relationships over which a roll-up works although describe does not call them master-detail."""


def _qualified(workspace: Workspace, name: str) -> tuple[ObjectDraft, Field]:
    object_name, dot, field_name = name.partition(".")
    if not dot:
        raise ComponentRefused(
            "Must specify the name in the CustomObject.CustomField format (e.g. Account.MyNewCustomField)"
        )
    draft = workspace.schema.find(object_name)
    field = draft.find_field(field_name) if draft else None
    if draft is None or field is None:
        raise ComponentRefused(f"In field: field - no CustomField named {name} found")
    return draft, field


def check_removal(workspace: Workspace, draft: ObjectDraft, field: Field) -> None:
    """Raises ComponentRefused naming everything that uses the field."""
    users = [
        *_formula_users(workspace, draft, field),
        *_summary_users(workspace, draft, field),
        *_component_users(workspace, draft, field),
    ]
    if users:
        raise ComponentRefused(f"This custom field is referenced elsewhere in salesforce.com. : {', '.join(users)}")


def _formula_users(workspace: Workspace, draft: ObjectDraft, field: Field) -> Iterator[str]:
    word = re.compile(rf"(?<![\w.]){re.escape(field.api_name)}\b", re.IGNORECASE)
    for other in draft.fields.values():
        if other.formula is not None and word.search(other.formula):
            yield f"Custom Field - {draft.api_name}.{other.api_name}"


def _summary_users(workspace: Workspace, draft: ObjectDraft, field: Field) -> Iterator[str]:
    for sobject_type in workspace.schema.current():
        for other in sobject_type.fields:
            if other.summary is None:
                continue
            foreign_key, _, summed = other.summary
            child, _, key = foreign_key.partition(".")
            if child == draft.api_name and field.api_name in (key, summed):
                yield f"Custom Field - {sobject_type.api_name}.{other.api_name}"


def _component_users(workspace: Workspace, draft: ObjectDraft, field: Field) -> Iterator[str]:
    word = re.compile(rf"\b{re.escape(field.api_name)}\b", re.IGNORECASE)
    for type_name, label, elements in _HOLDERS:
        for component in workspace.of_type(type_name) if elements else ():
            if _may_see(workspace, component, draft) and any(
                word.search(text) for text in _texts(component.body, elements)
            ):
                yield f"{label} - {component.full_name}"


def _may_see(workspace: Workspace, component: Component, draft: ObjectDraft) -> bool:
    """A rule belongs to one object, a field update may change its master's; a flow names its objects inside."""
    if component.type not in _OF_OBJECT:
        return draft.api_name in set(_texts(component.body, ("object", "objectType")))
    owner_name = component.full_name.partition(".")[0]
    owner, target = workspace.schema.find(owner_name), component.body.value("targetObject")
    master = owner.find_field(target) if owner is not None and target is not None else None
    return draft.api_name.lower() in (
        owner_name.lower(),
        *(name.lower() for name in (master.reference_to if master else ())),
    )


def _texts(node: Node, elements: tuple[str, ...]) -> Iterator[str]:
    for child in node.children:
        if child.tag in elements:
            yield child.text
        yield from _texts(child, elements)
