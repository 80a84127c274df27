"""Workflow rules, their actions and assignment rules as they were deployed.

Source: "Workflow", "AssignmentRules" (Metadata API Developer Guide). What the twin does not run of them is refused by name when an
active rule is deployed (metadata/types/workflows.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from orgtwin.metadata.component import Component
from orgtwin.metadata.xml import Node


@dataclass(frozen=True, slots=True)
class Criteria:
    """Conditions (field, operation, value) with their logic, or a formula; neither: everything meets them."""

    conditions: tuple[tuple[str, str, str], ...] = ()
    logic: str | None = None
    formula: str | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """An action, an approver, a submitter: its type and what it is called."""

    kind: str
    name: str


@dataclass(frozen=True, slots=True)
class WorkflowRule:
    """`trigger` is onCreateOnly, onCreateOrTriggeringUpdate or onAllChanges."""

    name: str
    sobject_type: str
    trigger: str
    criteria: Criteria
    actions: tuple[Named, ...]


@dataclass(frozen=True, slots=True)
class FieldUpdate:
    """`target` is the field of the rule's object that leads to the record that is updated; None: the record itself."""

    name: str
    field: str
    operation: str
    literal: str | None
    formula: str
    lookup: Named
    target: str | None
    reevaluates: bool


@dataclass(frozen=True, slots=True)
class RuleEntry:
    """One row of an assignment rule: who gets the records that meet the criteria; nobody named leaves the owner."""

    criteria: Criteria
    assigned_to: Named | None


@dataclass(frozen=True, slots=True)
class AssignmentRule:
    name: str
    sobject_type: str
    entries: tuple[RuleEntry, ...]


def read_criteria(node: Node | None) -> Criteria:
    """Criteria as every kind of rule writes them: criteriaItems with a booleanFilter, or a formula."""
    if node is None:
        return Criteria()
    items = tuple(
        (item.value("field") or "", item.value("operation") or "", item.value("value") or "")
        for item in node.all("criteriaItems")
    )
    return Criteria(items, node.value("booleanFilter"), node.value("formula"))


def read_actions(node: Node, element: str) -> tuple[Named, ...]:
    return tuple(Named(action.value("type") or "", action.value("name") or "") for action in node.all(element))


def is_active(component: Component) -> bool:
    return component.body.flag("active")


def read_rule(component: Component) -> WorkflowRule:
    sobject_type, _, name = component.full_name.partition(".")
    body = component.body
    return WorkflowRule(
        name, sobject_type, body.value("triggerType") or "", read_criteria(body), read_actions(body, "actions")
    )


def read_field_update(component: Component) -> FieldUpdate:
    sobject_type, _, name = component.full_name.partition(".")
    body = component.body
    target = body.value("targetObject")
    return FieldUpdate(
        name=name,
        field=body.value("field") or "",
        operation=body.value("operation") or "",
        literal=body.value("literalValue"),
        formula=body.value("formula") or "",
        lookup=Named(body.value("lookupValueType") or "", body.value("lookupValue") or ""),
        target=None if target in (None, "", sobject_type) else target,
        reevaluates=body.flag("reevaluateOnChange"),
    )


def read_assignment_rule(component: Component) -> AssignmentRule:
    sobject_type, _, name = component.full_name.partition(".")
    return AssignmentRule(name, sobject_type, tuple(map(_read_entry, component.body.all("ruleEntry"))))


def _read_entry(node: Node) -> RuleEntry:
    kind, name = node.value("assignedToType"), node.value("assignedTo")
    return RuleEntry(read_criteria(node), Named(kind, name) if kind and name else None)
