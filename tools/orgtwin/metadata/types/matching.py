"""Matching and duplicate rules: checked for what they name, and for what the twin can compare.

Source: "MatchingRule", "DuplicateRule" (Metadata API Developer Guide); texts from published deploy logs.
"""

from __future__ import annotations

from orgtwin.errors import Unsupported
from orgtwin.metadata.component import Component
from orgtwin.metadata.problem import ComponentRefused
from orgtwin.metadata.types.required import check_required
from orgtwin.metadata.workspace import Workspace
from orgtwin.metadata.xml import Node
from orgtwin.records.filter_logic import FilterLogicError, parse_filter_logic
from orgtwin.records.summary_filters import TESTS


def deploy_matching_rule(workspace: Workspace, component: Component, before: Component | None) -> Component:
    object_name = component.full_name.partition(".")[0]
    draft = workspace.schema.find(object_name)
    was_active = before is not None and before.body.value("ruleStatus") == "Active"
    stays_active = component.body.value("ruleStatus") == "Active"
    if before is not None and was_active and stays_active and before.body != component.body:
        raise ComponentRefused("Before you change a matching rule, you must deactivate it")
    for item in component.body.all("matchingRuleItems"):
        field = item.value("fieldName") or ""
        if draft is None or (field.endswith("__c") and draft.find_field(field) is None):
            raise ComponentRefused(f"In field: fieldName - no CustomField named {object_name}.{field} found")
    _check_logic(component.body, len(list(component.body.all("matchingRuleItems"))))
    return check_required(workspace, component, before)


def _check_logic(body: Node, conditions: int) -> None:
    """ASSUMED text: the one that validation of filter logic shows in Setup."""
    try:
        parse_filter_logic(body.value("booleanFilter"), conditions)
    except FilterLogicError as error:
        raise ComponentRefused(f"Invalid filter logic: {error}") from error


def deploy_duplicate_rule(workspace: Workspace, component: Component, before: Component | None) -> Component:
    """sortOrder counts 1..n over all rules of the object."""
    checked = check_required(workspace, component, before)
    object_name = component.full_name.partition(".")[0]
    others = [
        other
        for other in workspace.of_type("DuplicateRule")
        if other.full_name.partition(".")[0] == object_name and other.full_name != component.full_name
    ]
    order, highest = component.body.number("sortOrder") or 0, len(others) + 1
    if not 1 <= order <= highest:
        raise ComponentRefused(f"SortOrder must be in sequential order from 1 to {highest}")
    for item in component.body.all("duplicateRuleMatchRules"):
        name = item.value("matchingRule") or ""
        rule = f"{item.value('matchRuleSObjectType')}.{name}"
        if not name.startswith("Standard_") and workspace.find("MatchingRule", rule) is None:
            raise ComponentRefused(f"In field: matchingRule - no MatchingRule named {rule} found")
    if component.body.flag("isActive"):
        _refuse_what_is_not_emulated(workspace, component)
    return checked


def _refuse_what_is_not_emulated(workspace: Workspace, component: Component) -> None:
    """An active rule that would find too little, or too much, is not taken."""
    for item in component.body.all("duplicateRuleMatchRules"):
        name = item.value("matchingRule") or ""
        rule = workspace.find("MatchingRule", f"{item.value('matchRuleSObjectType')}.{name}")
        if rule is None:
            raise Unsupported("records.fuzzy-matching", f"the standard matching rule {name}")
        methods = {part.value("matchingMethod") or "" for part in rule.body.all("matchingRuleItems")}
        if not methods <= {"Exact"}:
            raise Unsupported("records.fuzzy-matching", f"the matching method {min(methods - {'Exact'})}")
    filters = component.body.find("duplicateRuleFilter")
    if filters is not None:
        _check_conditions(workspace, component.full_name.partition(".")[0], filters)


def _check_conditions(workspace: Workspace, sobject_type: str, filters: Node) -> None:
    items = list(filters.all("duplicateRuleFilterItems"))
    _check_logic(filters, len(items))
    draft = workspace.schema.find(sobject_type)
    for item in items:
        table, field = item.value("table"), item.value("field") or ""
        if table not in (None, sobject_type):
            raise Unsupported("records.duplicate-rule-conditions", f"conditions of a duplicate rule on {table}")
        if draft is None or draft.find_field(field) is None:
            raise ComponentRefused(f"In field: field - no CustomField named {sobject_type}.{field} found")
        if item.value("operation") not in TESTS:
            raise Unsupported("records.duplicate-rule-conditions", f"the operation {item.value('operation')}")
