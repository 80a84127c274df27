"""Duplicate and matching rules as a save runs them, read from what was deployed.

Source: "DuplicateRule", "MatchingRule" (Metadata API Developer Guide). Only the matching method Exact is emulated; a deploy
refuses an active duplicate rule that needs another one (types/stored.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from orgtwin.metadata.component import Component, ComponentStore
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.xml import Node
from orgtwin.org import Org
from orgtwin.records.duplicates import Action, DuplicateCheck, DuplicateRule, MatchedField, MatchingRule
from orgtwin.records.filter_logic import parse_filter_logic
from orgtwin.records.saving import Operation

_ALERT_TEXT = "Use one of these records?"
_OPERATIONS = ((Operation.INSERT, "Insert"), (Operation.UPDATE, "Update"))


class DeployedDuplicateRules:
    """The active rules by object, read again when the components are other ones."""

    def __init__(self, components: Callable[[], ComponentStore]) -> None:
        self._components = components
        self._store: ComponentStore | None = None
        self._rules: dict[str, list[DuplicateRule]] = {}

    def of(self, sobject_type: str) -> Sequence[DuplicateRule]:
        store = self._components()
        if store is not self._store:
            self._store, self._rules = store, _read_rules(store)
        return self._rules.get(sobject_type, ())


def duplicate_check(org: Org) -> DuplicateCheck:
    """The rules that are deployed to an org."""
    return DuplicateCheck(org, DeployedDuplicateRules(MetadataService(org).state.components).of)


def _read_rules(store: ComponentStore) -> dict[str, list[DuplicateRule]]:
    rules: dict[str, list[DuplicateRule]] = {}
    active = [rule for rule in store.of_type("DuplicateRule") if rule.body.flag("isActive")]
    for component in sorted(active, key=lambda rule: rule.body.number("sortOrder") or 0):
        rules.setdefault(component.full_name.partition(".")[0], []).append(_read_rule(store, component))
    return rules


def _read_rule(store: ComponentStore, component: Component) -> DuplicateRule:
    body = component.body
    filters = body.find("duplicateRuleFilter")
    items = [] if filters is None else list(filters.all("duplicateRuleFilterItems"))
    return DuplicateRule(
        name=component.full_name.partition(".")[2],
        actions={operation: _action(body, suffix) for operation, suffix in _OPERATIONS},
        alert_text=body.value("alertText") or _ALERT_TEXT,
        enforces_sharing=body.value("securityOption") == "EnforceSharingRules",
        matching_rules=tuple(_matching_rules(store, body)),
        conditions=tuple(
            (item.value("field") or "", item.value("operation") or "", item.value("value") or "") for item in items
        ),
        logic=parse_filter_logic(filters.value("booleanFilter") if filters is not None else None, len(items)),
    )


def _action(body: Node, suffix: str) -> Action:
    blocks = body.value(f"actionOn{suffix}") == "Block"
    return Action(blocks, "Alert" in body.values(f"operationsOn{suffix}"))


def _matching_rules(store: ComponentStore, body: Node) -> Iterator[MatchingRule]:
    """Those that are active: a duplicate rule finds nothing by one that is not."""
    for item in body.all("duplicateRuleMatchRules"):
        sobject_type, name = item.value("matchRuleSObjectType") or "", item.value("matchingRule") or ""
        found = store.find("MatchingRule", f"{sobject_type}.{name}")
        if found is None or found.body.value("ruleStatus") != "Active":
            continue
        incoming = _object_mapping(item)
        fields = tuple(
            MatchedField(saved, incoming.get(saved, saved), part.value("blankValueBehavior") == "MatchBlanks")
            for part in found.body.all("matchingRuleItems")
            for saved in (part.value("fieldName") or "",)
        )
        yield MatchingRule(
            name, sobject_type, fields, parse_filter_logic(found.body.value("booleanFilter"), len(fields))
        )


def _object_mapping(item: Node) -> dict[str, str]:
    """Field of the saved object -> field of the incoming one, for rules across two objects."""
    mapping = item.find("objectMapping")
    pairs = [] if mapping is None else list(mapping.all("mappingFields"))
    return {pair.value("outputField") or "": pair.value("inputField") or "" for pair in pairs}
