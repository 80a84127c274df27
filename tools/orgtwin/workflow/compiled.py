"""Active rules ready to run: criteria and actions as functions, under the schema and the components of one moment.

Source: "Workflow Rule Criteria", "Field Updates That Reevaluate Workflow Rules", "Workflow Considerations" (Salesforce Help).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from orgtwin.errors import Unsupported
from orgtwin.metadata.component import Component
from orgtwin.org import Org
from orgtwin.records.model import Row
from orgtwin.records.saving import Operation
from orgtwin.schema.model import FieldType
from orgtwin.workflow.actions import Mail, Wire, compile_alert, compile_task
from orgtwin.workflow.criteria import Meets, compile_criteria
from orgtwin.workflow.definition import (
    AssignmentRule,
    FieldUpdate,
    Named,
    WorkflowRule,
    read_assignment_rule,
    read_field_update,
    read_rule,
)
from orgtwin.workflow.field_updates import NewValue, compile_update, find_named

FindComponent = Callable[[str, str], Component | None]
"""A component by its type and full name."""
KINDS = {"FieldUpdate": "WorkflowFieldUpdate", "Task": "WorkflowTask", "Alert": "WorkflowAlert"}
"""The actions that the twin carries out, and the metadata types that describe them."""
_NOT_REPARENTING = frozenset(("OwnerId", "RecordTypeId", "CreatedById", "LastModifiedById"))


@dataclass(frozen=True, slots=True, eq=False)
class CompiledUpdate:
    update_id: str
    update: FieldUpdate
    value: NewValue


@dataclass(frozen=True, slots=True, eq=False)
class CompiledRule:
    rule_id: str
    rule: WorkflowRule
    meets: Meets
    lookups: tuple[Callable[[Row], object], ...]
    updates: tuple[CompiledUpdate, ...]
    of_masters: tuple[CompiledUpdate, ...]
    tasks: tuple[Callable[[Row], Wire], ...]
    alerts: tuple[Callable[[Row], Mail], ...]

    def fires(self, operation: Operation, content: Row, before: Row | None) -> bool:
        """By evaluation criteria and rule criteria. A new parent counts as meeting the criteria anew."""
        if operation is Operation.INSERT or before is None:
            return self.meets(content, None)
        if self.rule.trigger == "onCreateOnly" or not self.meets(content, before):
            return False
        if self.rule.trigger == "onAllChanges":
            return True
        return not self.meets(before, before) or any(read(content) != read(before) for read in self.lookups)


def compile_rule(org: Org, find: FindComponent, component: Component) -> CompiledRule:
    """Raises FormulaError, FilterLogicError, and Unsupported for what of the rule the twin does not run."""
    rule = read_rule(component)
    if any(component.body.all("workflowTimeTriggers")):
        raise Unsupported("workflow.actions", f"time-dependent actions of the workflow rule {rule.name}")
    table = org.table(rule.sobject_type)
    actions = [(action.kind, _component(find, rule, action)) for action in rule.actions]
    described = [(found.id, read_field_update(found)) for kind, found in actions if kind == "FieldUpdate"]
    updates = [CompiledUpdate(found_id, one, compile_update(org, table, one)) for found_id, one in described]
    return CompiledRule(
        rule_id=component.id,
        rule=rule,
        meets=compile_criteria(org, table, rule.criteria),
        lookups=tuple(
            table.reader(field.api_name)
            for field in table.type.fields
            if field.type is FieldType.REFERENCE and field.api_name not in _NOT_REPARENTING
        ),
        updates=tuple(one for one in updates if one.update.target is None),
        of_masters=tuple(one for one in updates if one.update.target is not None),
        tasks=tuple(compile_task(org, table, found) for kind, found in actions if kind == "Task"),
        alerts=tuple(compile_alert(org, table, found) for kind, found in actions if kind == "Alert"),
    )


def _component(find: FindComponent, rule: WorkflowRule, action: Named) -> Component:
    if action.kind not in KINDS:
        raise Unsupported("workflow.actions", f"the action {action.kind} of the workflow rule {rule.name}")
    found = find(KINDS[action.kind], f"{rule.sobject_type}.{action.name}")
    if found is None:
        raise Unsupported("workflow.actions", f"the action {action.name} of {rule.name}, which nobody deployed")
    return found


@dataclass(frozen=True, slots=True, eq=False)
class CompiledAssignment:
    """The entries of an assignment rule; the owner of the first that a record meets is the one it gets."""

    rule: AssignmentRule
    entries: tuple[tuple[Meets, str | None], ...]

    def owner_of(self, content: Row, before: Row | None) -> str | None:
        return next((owner_id for meets, owner_id in self.entries if meets(content, before)), None)


def compile_assignment(org: Org, component: Component) -> CompiledAssignment:
    """Raises FormulaError, FilterLogicError, and Unsupported for what of the rule the twin does not run."""
    rule = read_assignment_rule(component)
    table = org.table(rule.sobject_type)
    entries = tuple(
        (
            compile_criteria(org, table, entry.criteria),
            None if entry.assigned_to is None else find_named(org, rule.sobject_type, entry.assigned_to),
        )
        for entry in rule.entries
    )
    return CompiledAssignment(rule, entries)
