"""What a deploy changes of sharing: rules, share objects, Apex sharing reasons.

Sources: "SharingRules", "SharedTo", "SharingReason" (Metadata API Developer Guide); texts from published deploy logs.
"""

from __future__ import annotations

from msgspec import structs

from orgtwin.access.levels import CONTROLLED_BY_PARENT, NAMES, Level, default_level
from orgtwin.access.sharing_rules import KEY, StoredRule
from orgtwin.errors import Unsupported
from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.schema_draft import ObjectDraft
from orgtwin.metadata.types.record_writes import find_row
from orgtwin.metadata.types.required import check_required
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node
from orgtwin.records.filter_logic import FilterLogicError, parse_filter_logic
from orgtwin.records.summary_filters import TESTS
from orgtwin.schema.companions import has_shares, share_shape, share_type
from orgtwin.schema.model import PicklistValue

_NO_SHARING_RULES = frozenset(("Contract", "Task", "Event", "Product2", "Pricebook2"))
"""Objects without sharing rules; Contract: no org returns any, and it has no share object."""

_SHAREES = {
    "allInternalUsers": None,
    "group": ("Group", "Group"),
    "queue": ("Queue", "Group"),
    "role": ("Role", "UserRole"),
    "roleAndSubordinates": ("Role", "UserRole"),
    "roleAndSubordinatesInternal": ("Role", "UserRole"),
}
"""Elements of SharedTo, the metadata type that each names, and the object whose DeveloperName that is."""

_ACCOUNT_CHILDREN = {
    "caseAccessLevel": "Case",
    "contactAccessLevel": "Contact",
    "opportunityAccessLevel": "Opportunity",
}
_SHARE_PREFIX_LETTER = "y"


# ---- rules


def deploy_sharing_rules(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    """One file an object; its rules are components of their own."""
    draft = workspace.schema.find(component.full_name)
    if draft is None:
        raise ComponentRefused(f"In field: fullName - no CustomObject named {component.full_name} found")
    return component


def deploy_sharing_rule(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """Check a rule and take it into use."""
    object_name, _, name = component.full_name.partition(".")
    draft = workspace.schema.find(object_name)
    if draft is None or draft.api_name in _NO_SHARING_RULES:
        raise ComponentRefused(f"sharing rules are not supported for {object_name}")
    checked = check_required(workspace, component, before)
    _check_rule(draft, component)
    rule = _stored_rule(workspace, draft, component, name)
    _keep_rule(workspace, draft.api_name, name, rule)
    return checked


def _check_rule(draft: ObjectDraft, component: Component) -> None:
    if draft.api_name == "Account" and component.body.find("accountSettings") is None:
        raise ComponentRefused("AccountSettings is required for account sharing rules")
    if default_level(draft.shell) >= Level.EDIT or draft.shell.sharing_model.lower() == CONTROLLED_BY_PARENT:
        raise ComponentRefused(
            f"not supported for {draft.api_name} since it's org wide default is {draft.shell.sharing_model}"
        )
    level = component.body.value("accessLevel") or ""
    if level not in (NAMES[Level.READ], NAMES[Level.EDIT]):
        raise ComponentRefused(f"{level} is not a valid access level for {draft.api_name}")  # ASSUMED text
    for item in component.body.all("criteriaItems"):
        _check_criterion(draft, item)


def _check_criterion(draft: ObjectDraft, item: Node) -> None:
    field, operation = item.value("field") or "", item.value("operation") or ""
    if draft.find_field(field) is None:
        raise ComponentRefused(f"In field: field - no CustomField named {draft.api_name}.{field} found")
    if operation not in TESTS:
        raise Unsupported("access.sharing-rule-criteria", f"the operation {operation} in a sharing rule")


def _stored_rule(workspace: Workspace, draft: ObjectDraft, component: Component, name: str) -> StoredRule:
    node = component.body
    criteria = [
        [item.value("field") or "", item.value("operation") or "", item.value("value") or ""]
        for item in node.all("criteriaItems")
    ]
    logic = node.value("booleanFilter")
    try:
        parse_filter_logic(logic, len(criteria))
    except FilterLogicError as error:
        raise ComponentRefused(f"In field: booleanFilter - {error}") from error  # ASSUMED text
    settings = node.find("accountSettings") if draft.api_name == "Account" else None
    children = (
        {child: settings.value(element) or "None" for element, child in _ACCOUNT_CHILDREN.items()} if settings else {}
    )
    source = node.find("sharedFrom")
    return {
        "name": name,
        "level": node.value("accessLevel"),
        "to": _sharee(workspace, node.find("sharedTo")),
        "from": _sharee(workspace, source) if source is not None else None,
        "criteria": criteria,
        "logic": logic,
        "children": children,
    }


def _sharee(workspace: Workspace, node: Node | None) -> list[str]:
    """[kind, name] of the one sharee that SharedTo names."""
    entry = node.children[0] if node is not None and node.children else None
    if entry is None or entry.tag not in _SHAREES:
        kind = "nobody" if entry is None else entry.tag
        raise Unsupported("access.sharees", f"sharing rules to {kind}")
    named = _SHAREES[entry.tag]
    if named is None:
        return [entry.tag, ""]
    type_name, sobject_type = named
    name = entry.text
    if workspace.find(type_name, name) is None and find_row(workspace.org, sobject_type, DeveloperName=name) is None:
        raise ComponentRefused(f"In field: {entry.tag} - no {type_name} named {name} found")
    return [entry.tag, name]


def remove_sharing_rule(workspace: Workspace, component: Component) -> None:
    object_name, _, name = component.full_name.partition(".")
    _keep_rule(workspace, object_name, name, None)


def _keep_rule(workspace: Workspace, object_name: str, name: str, rule: StoredRule | None) -> None:
    """Put a rule in the place of the one of its name; None takes it away."""
    found = workspace.settings.get(KEY) or workspace.org.settings.get(KEY)
    by_object = dict(found) if isinstance(found, dict) else {}
    rules = [kept for kept in by_object.get(object_name, ()) if str(kept["name"]).lower() != name.lower()]
    by_object[object_name] = [*rules, rule] if rule is not None else rules
    workspace.settings[KEY] = by_object


# ---- share objects


def keep_shares(workspace: Workspace, draft: ObjectDraft) -> None:
    """A custom object's share object comes and goes with its sharing model, and its entries with it."""
    if not draft.shell.custom:
        return
    name = share_shape(draft.api_name).api_name
    stands = workspace.schema.find(name) is not None
    if has_shares(draft.shell) and not stands:
        prefix = workspace.schema.next_key_prefix(_SHARE_PREFIX_LETTER)
        workspace.schema.add(share_type(draft.freeze(), prefix))
        for reason in workspace.of_type("SharingReason"):
            _add_reason(workspace, reason)
    elif stands and not has_shares(draft.shell):
        workspace.schema.remove(name)


def deploy_sharing_reason(workspace: Workspace, component: Component, _before: Component | None) -> Component:
    """A further value of RowCause, which only code and administrators write."""
    if component.body.value("label") is None:
        raise ComponentRefused("Required field is missing: label")
    _add_reason(workspace, component)
    return component


def _add_reason(workspace: Workspace, component: Component) -> None:
    object_name, _, reason = component.full_name.partition(".")
    name = f"{reason.removesuffix('__c')}__c"
    values = _causes(workspace, object_name, without=name)
    if values is not None:
        _set_causes(workspace, object_name, (*values, PicklistValue(name, component.body.value("label") or name)))


def remove_sharing_reason(workspace: Workspace, component: Component) -> None:
    object_name, _, reason = component.full_name.partition(".")
    values = _causes(workspace, object_name, without=f"{reason.removesuffix('__c')}__c")
    if values is not None:
        _set_causes(workspace, object_name, values)


def _causes(workspace: Workspace, object_name: str, without: str) -> tuple[PicklistValue, ...] | None:
    """The values of an object's RowCause but one; None while the object has no share object."""
    share = workspace.schema.find(share_shape(object_name).api_name)
    field = share.find_field("RowCause") if share is not None else None
    return None if field is None else tuple(value for value in field.picklist if value.value != without)


def _set_causes(workspace: Workspace, object_name: str, values: tuple[PicklistValue, ...]) -> None:
    share = workspace.schema.find(share_shape(object_name).api_name)
    field = share.find_field("RowCause") if share is not None else None
    if share is not None and field is not None:
        workspace.schema.put_field(share, structs.replace(field, picklist=values))
