"""One spec to one plan: the table of what is generated. A new kind of file is a new row."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from clmkit.codegen.apex import plan_apex
from clmkit.codegen.checks import plan_checks
from clmkit.codegen.events import plan_events
from clmkit.codegen.field_map import plan_field_map
from clmkit.codegen.flows import plan_flows
from clmkit.codegen.labels import plan_labels
from clmkit.codegen.layouts import plan_layouts
from clmkit.codegen.objects import plan_objects, plan_settings, plan_value_sets
from clmkit.codegen.pages import plan_pages
from clmkit.codegen.permissions import plan_permissions
from clmkit.codegen.plan import Plan, PlannedFile, make_plan
from clmkit.codegen.process import plan_process
from clmkit.codegen.reports import plan_reports
from clmkit.codegen.runtime import plan_runtime
from clmkit.codegen.trust import plan_trust
from clmkit.mapping.model import Spec

PLANNERS: tuple[Callable[[Spec], Iterable[PlannedFile]], ...] = (
    plan_objects,
    plan_value_sets,
    plan_settings,
    plan_layouts,
    plan_checks,
    plan_pages,
    plan_reports,
    plan_permissions,
    plan_runtime,
    plan_process,
    plan_flows,
    plan_trust,
    plan_field_map,
    plan_events,
    plan_labels,
    plan_apex,
)


def plan_project(spec: Spec) -> Plan:
    """Every file that the spec asks for; the same spec gives the same plan, on every machine.

    Raises PlanError when the spec asks for what no org can hold.
    """
    return make_plan([file for planner in PLANNERS for file in planner(spec)])
