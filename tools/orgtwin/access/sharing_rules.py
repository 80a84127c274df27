"""Sharing rules: records of some owners, or records that meet criteria, opened to a group.

Deployed as SharingRules; kept among the org's settings under KEY, one list an object, in the form of the files:

    {"name", "level", "to": [kind, name], "from": [kind, name] | None, "criteria": [[field, operation, value], ...],
     "logic": "1 AND (2 OR 3)" | None, "children": {"Case": "Read", ...}}

Sources: "Sharing Rules" (Salesforce Help); "SharingRules", "SharedTo" (Metadata API Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orgtwin.access.levels import BY_NAME, Level
from orgtwin.access.principals import (
    QUEUE,
    REGULAR,
    ROLE,
    ROLE_AND_SUBORDINATES,
    Tables,
    find_everybody,
    find_named,
    find_role_group,
    users_in,
)
from orgtwin.records.filter_logic import parse_filter_logic
from orgtwin.records.model import Row
from orgtwin.records.summary_filters import compile_filter
from orgtwin.records.table import RecordTable

KEY = "orgtwin.sharing-rules"
StoredRule = Mapping[str, object]
Test = Callable[[Row], bool]


@dataclass(frozen=True, slots=True)
class SharingRule:
    """One rule, ready to be asked. `children` holds what a rule on accounts gives on their cases, contacts and opportunities."""

    name: str
    target: str
    level: Level
    matches: Test
    children: Mapping[str, Level]


def compile_rules(tables: Tables, rules: Sequence[StoredRule], table: RecordTable) -> list[SharingRule]:
    """The rules of one object whose sharees exist."""
    found = []
    for rule in rules:
        target = find_sharee(tables, *_pair(rule["to"]))
        if target is not None:
            children = {child: BY_NAME[str(level)] for child, level in dict(rule.get("children") or {}).items()}  # type: ignore[call-overload]
            level = BY_NAME[str(rule["level"])]
            found.append(SharingRule(str(rule["name"]), target, level, _test(tables, rule, table), children))
    return found


def find_sharee(tables: Tables, kind: str, name: str) -> str | None:
    """The group that an element of SharedTo names, or None. `kind` is the element's name."""
    if kind == "allInternalUsers":
        return find_everybody(tables)
    if kind in ("role", "roleAndSubordinates", "roleAndSubordinatesInternal"):
        role_id = find_named(tables, "UserRole", name)
        group_kind = ROLE if kind == "role" else ROLE_AND_SUBORDINATES
        return None if role_id is None else find_role_group(tables, role_id, group_kind)
    return find_named(tables, "Group", name, QUEUE if kind == "queue" else REGULAR)


def _pair(value: object) -> tuple[str, str]:
    kind, name = map(str, value)  # type: ignore[call-overload]
    return kind, name


def _test(tables: Tables, rule: StoredRule, table: RecordTable) -> Test:
    if rule.get("from") is not None:
        source = find_sharee(tables, *_pair(rule["from"]))
        owners = users_in(tables, source) | {source} if source is not None else frozenset()
        owner_of = table.reader("OwnerId")
        return lambda row: owner_of(row) in owners
    criteria = [compile_filter(table, *map(str, item)) for item in rule["criteria"]]  # type: ignore[attr-defined]
    logic = parse_filter_logic(str(rule.get("logic") or ""), len(criteria))
    return lambda row: logic([test(row) for test in criteria])
