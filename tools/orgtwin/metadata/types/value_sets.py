"""Picklist values: local sets of fields, global value sets, standard value sets.

A value that a later file leaves out stays in the org and becomes inactive; nothing stored in records is lost.
ASSUMED for global and
standard sets, where reports differ; the Metadata API Developer Guide says it of `valueSetDefinition` from API 38 on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from msgspec import structs

from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.schema_draft import ObjectDraft
from orgtwin.metadata.types.record_writes import delete_rows, find_rows, insert_rows
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node, leaf
from orgtwin.organization import Organization
from orgtwin.schema.model import Field, PicklistValue

_BASE_CONTRACT_GROUPS = ("Draft", "InApproval", "Activated")
_STATUS_OBJECTS = ("ContractStatus", "OrderStatus")
_GROUPS = {"ContractStatus": _BASE_CONTRACT_GROUPS}
"""Status categories an org without further licences has. The others of the enumeration belong to Salesforce Contracts."""


def read_values(value_nodes: Iterable[Node]) -> tuple[PicklistValue, ...]:
    """Values in file order. Raises ComponentRefused where one is there twice."""
    values: dict[str, PicklistValue] = {}
    for node in value_nodes:
        name = node.value("fullName")
        if name is None:
            raise ComponentRefused("Required field is missing: fullName")
        if name.lower() in values:
            raise ComponentRefused(f"duplicate value found: [{name}] is defined multiple times")
        values[name.lower()] = PicklistValue(
            name,
            node.value("label") or name,
            node.flag("isActive", default=True),
            node.flag("default"),
            node.value("groupingString"),
        )
    return tuple(values.values())


def read_field_values(
    workspace: Workspace, node: Node, before: Field | None
) -> tuple[tuple[PicklistValue, ...], bool, str | None]:
    """Values, restricted?, and the name of the global set of a custom picklist field."""
    value_set = node.find("valueSet")
    if value_set is None:
        raise ComponentRefused("Must specify a valueSet for a CustomField of type " + (node.value("type") or ""))
    definition, name = value_set.find("valueSetDefinition"), value_set.value("valueSetName")
    if (definition is None) == (name is None):
        raise ComponentRefused("Value set must reference a value set name or define a value set, but not both")
    if before is not None and before.value_set is not None and before.value_set != name:
        raise ComponentRefused("Cannot change which global value set this picklist uses")
    if definition is not None:
        values = read_values(definition.all("value"))
        return with_retired(values, before.picklist if before else ()), value_set.flag("restricted"), None
    shared = workspace.find("GlobalValueSet", name or "")
    if shared is None:
        raise ComponentRefused(f"valueSetName {name} does not exist")
    return read_values(shared.body.all("customValue")), True, shared.full_name


def read_dependencies(node: Node) -> tuple[str | None, tuple[tuple[str, tuple[str, ...]], ...]]:
    """The controlling field of a dependent picklist, and for each value the controlling ones that it goes with."""
    value_set = node.find("valueSet")
    controller = None if value_set is None else value_set.value("controllingField")
    if value_set is None or controller is None:
        return None, ()
    settings = value_set.all("valueSettings")
    return controller, tuple(
        (row.value("valueName") or "", tuple(row.values("controllingFieldValue"))) for row in settings
    )


def with_retired(values: tuple[PicklistValue, ...], before: Iterable[PicklistValue]) -> tuple[PicklistValue, ...]:
    """The new values, and behind them those of before that are gone, inactive."""
    kept = {value.value.lower() for value in values}
    retired = (replace(value, active=False, default=False) for value in before if value.value.lower() not in kept)
    return (*values, *retired)


def keep_retired_nodes(body: Node, before: Node | None, element: str) -> Node:
    """The file as the org keeps it: values it leaves out are still there, inactive."""
    if before is None:
        return body
    kept = {(node.value("fullName") or "").lower() for node in body.all(element)}
    gone = [node for node in before.all(element) if (node.value("fullName") or "").lower() not in kept]
    if not gone:
        return body
    retired = [node.without(("isActive", "default")).with_children(_retire(node)) for node in gone]
    return body.with_children(_insert_behind(body.children, element, retired))


def _retire(node: Node) -> Iterator[Node]:
    for child in node.children:
        if child.tag not in ("isActive", "default"):
            yield child
        if child.tag == "fullName":
            yield leaf("default", False)
            yield leaf("isActive", False)


def _insert_behind(children: Iterable[Node], element: str, more: list[Node]) -> list[Node]:
    listed = list(children)
    last = max((index for index, child in enumerate(listed) if child.tag == element), default=-1)
    return [*listed[: last + 1], *more, *listed[last + 1 :]]


def deploy_global_value_set(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """Every picklist that uses the set takes its values."""
    for name in ("masterLabel", "sorted"):
        if component.body.value(name) is None:
            raise ComponentRefused(f"Required field is missing: {name}")
    body = keep_retired_nodes(component.body, before.body if before else None, "customValue")
    values = read_values(body.all("customValue"))
    for draft, field in _fields_using(workspace, component.full_name) if before else ():
        workspace.schema.put_field(draft, structs.replace(field, picklist=values))
    return replace(component, body=body)


def deploy_standard_value_set(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """The standard picklists that share the set take its values."""
    users = list(_fields_using(workspace, component.full_name))
    if not users:
        raise ComponentRefused(f"In field: fullName - no StandardValueSet named {component.full_name} found")
    if component.body.find("standardValue") is None:
        raise ComponentRefused("Required field is missing: standardValue")
    if component.body.value("sorted") is None:
        raise ComponentRefused("Required field is missing: sorted")
    body = keep_retired_nodes(component.body, before.body if before else None, "standardValue")
    values = read_values(body.all("standardValue"))
    _check_groups(component.full_name, values)
    for draft, field in users:
        workspace.schema.put_field(draft, structs.replace(field, picklist=with_retired(values, field.picklist)))
    if component.full_name in _STATUS_OBJECTS:
        workspace.write_records(component, lambda org: _write_statuses(org, component.full_name, values))
    return replace(component, body=body)


def _write_statuses(org: Organization, sobject_type: str, values: Iterable[PicklistValue]) -> None:
    """ContractStatus and OrderStatus are also objects: a row for each value that is in use."""
    delete_rows(org, find_rows(org, sobject_type))
    rows = [
        {
            "MasterLabel": value.label,
            "ApiName": value.value,
            "StatusCode": value.group,
            "SortOrder": position,
            "IsDefault": value.default,
        }
        for position, value in enumerate((value for value in values if value.active), start=1)
    ]
    insert_rows(org, sobject_type, rows)


def _check_groups(set_name: str, values: Iterable[PicklistValue]) -> None:
    groups = _GROUPS.get(set_name)
    for value in values if groups else ():
        if value.group is None:
            raise ComponentRefused("Required field is missing: groupingString")
        if groups and value.group not in groups:
            raise ComponentRefused(f"Picklist value: {value.group} in picklist: {set_name}Code not found")


def remove_global_value_set(workspace: Workspace, component: Component) -> None:
    used = [
        f"Custom Field - {draft.api_name}.{field.api_name}"
        for draft, field in _fields_using(workspace, component.full_name)
    ]
    if used:
        raise ComponentRefused(f"This global value set is referenced elsewhere in salesforce.com. : {', '.join(used)}")


def standard_value_set_node(name: str, fields: Iterable[Field]) -> Node | None:
    """The file that retrieve gives for a standard set to which nothing was ever deployed."""
    field = next((field for field in fields if field.value_set == name), None)
    if field is None:
        return None
    values = [_standard_value(value) for value in field.picklist]
    return Node("StandardValueSet", children=(leaf("sorted", False), *values))


def _standard_value(value: PicklistValue) -> Node:
    rows = [leaf("fullName", value.value), leaf("default", value.default), leaf("label", value.label)]
    if value.group is not None:
        rows.append(leaf("groupingString", value.group))
    if not value.active:
        rows.append(leaf("isActive", False))
    return Node("standardValue", children=tuple(rows))


def _fields_using(workspace: Workspace, value_set: str) -> Iterator[tuple[ObjectDraft, Field]]:
    for sobject_type in workspace.schema.current():
        for field in sobject_type.fields:
            draft = workspace.schema.find(sobject_type.api_name)
            if field.value_set == value_set and draft is not None:
                yield draft, field
