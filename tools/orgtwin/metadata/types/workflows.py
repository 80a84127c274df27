"""Workflow rules, assignment rules and their like: an active one that the twin would not run as it says is refused by name.

Source: "Workflow", "AssignmentRules", "AutoResponseRules", "EscalationRules" (Metadata API Developer Guide). Whether a rule can run
is asked once the schema is in use and its users and queues are there; inactive ones are kept as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from orgtwin.errors import Unsupported
from orgtwin.formula import FormulaError
from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.record_writes import find_row, save_row
from orgtwin.metadata.types.required import check_required
from orgtwin.metadata.workspace import Workspace
from orgtwin.org import Org
from orgtwin.organization import Organization
from orgtwin.records.filter_logic import FilterLogicError
from orgtwin.workflow.compiled import compile_assignment, compile_rule


def deploy_workflow_rule(workspace: Workspace, component: Component, before: Component | None) -> Component:
    _require_object(workspace, component)
    checked = check_required(workspace, component, before)

    def check(org: Organization) -> None:
        with _refusing():
            compile_rule(_with_formulas(org), workspace.find, checked)

    if component.body.flag("active"):
        workspace.link_records(checked, check)
    return checked


def deploy_assignment_rule(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """Every rule has its row, by which a request may name it, active or not."""
    _require_object(workspace, component)
    checked = check_required(workspace, component, before)
    sobject_type, _, name = component.full_name.partition(".")

    def write(org: Organization) -> str:
        active = component.body.flag("active")
        if active:
            with _refusing():
                compile_assignment(_with_formulas(org), checked)
        found = find_row(org, "AssignmentRule", Name=name, SobjectType=sobject_type)
        return save_row(org, "AssignmentRule", found, Name=name, SobjectType=sobject_type, Active=active)

    workspace.link_records(checked, write)
    return checked


def _require_object(workspace: Workspace, component: Component) -> None:
    """ASSUMED: told as of sharing rules."""
    name = component.full_name.partition(".")[0]
    if workspace.schema.find(name) is None:
        raise ComponentRefused(f"In field: fullName - no CustomObject named {name} found")


def _with_formulas(org: Organization) -> Org:
    if not isinstance(org, Org):
        raise TypeError(f"rules run on an Org, not on {org!r}")
    return org


@contextmanager
def _refusing() -> Iterator[None]:
    """A formula or a filter logic that is none is the component's fault."""
    try:
        yield
    except (FormulaError, FilterLogicError) as error:
        raise ComponentRefused(str(error)) from error


def refuse_active(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """Auto-response and escalation rules send mail and act by the clock, which the twin does not do for them."""
    if component.body.flag("active"):
        raise Unsupported("workflow.other-rules", f"the active {component.type} {component.full_name}")
    return check_required(workspace, component, before)
