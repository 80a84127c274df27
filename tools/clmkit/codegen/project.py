"""One spec to one plan: the table of what is generated. A new kind of file is a new row."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from clmkit.codegen.apex import plan_apex
from clmkit.codegen.checks import plan_checks
from clmkit.codegen.datasets import plan_datasets
from clmkit.codegen.events import plan_events
from clmkit.codegen.field_map import plan_field_map
from clmkit.codegen.flows import plan_flows
from clmkit.codegen.labels import plan_labels
from clmkit.codegen.layouts import plan_layouts
from clmkit.codegen.made import plan_made
from clmkit.codegen.mdapi import Component, is_support, list_components, render_manifest
from clmkit.codegen.objects import plan_objects, plan_settings, plan_value_sets
from clmkit.codegen.pages import plan_pages
from clmkit.codegen.permissions import plan_permissions
from clmkit.codegen.plan import MetadataXml, PlainText, Plan, PlannedFile, make_plan, support
from clmkit.codegen.process import plan_process
from clmkit.codegen.reports import plan_reports
from clmkit.codegen.robot import plan_robot
from clmkit.codegen.runtime import plan_runtime
from clmkit.codegen.scratch import plan_scratch_orgs
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
    plan_scratch_orgs,
    plan_datasets,
    plan_robot,
)


def plan_project(spec: Spec) -> Plan:
    """Every file that the spec asks for; the same spec gives the same plan, on every machine.

    Raises PlanError when the spec asks for what no org can hold.
    """
    files = [file for planner in PLANNERS for file in planner(spec)]
    components = components_of(files)
    made = plan_made(spec, components)
    return make_plan([*files, *made, plan_manifest(spec, [*components, *components_of(made)])])


def components_of(files: Iterable[PlannedFile]) -> list[Component]:
    """Every component of the files, by type and name."""
    metadata = (file for file in files if not is_support(file.path))
    components = list_components(
        (file.path, file.content.body if isinstance(file.content, MetadataXml) else {}) for file in metadata
    )
    return _ordered(set(components))


def plan_manifest(spec: Spec, components: Iterable[Component]) -> PlannedFile:
    """package.xml with every component of the plan by name: what `sf project retrieve start --manifest` asks for."""
    return support("manifest/package.xml", PlainText(render_manifest(_ordered(components), spec.api_version)))


def _ordered(components: Iterable[Component]) -> list[Component]:
    return sorted(components, key=lambda component: (component.metadata_type, component.full_name))
