"""The decisions of the sync. Pure: facts in, actions out; no clock, no store, no network.

A field is judged against its base, the value on which both systems last agreed. Each side has either kept the base or
moved away from it; with the field's direction that gives one cell of TABLE. `Rule.ASK` cells (both sides of a shared field
moved) are settled by the field's conflict rule. When no base is known (first meeting of two records) an empty side counts
as unmoved, so of a shared field the filled side wins; a field with one owner always ends with the owner's value, even an
empty one.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from clmkit.mapping.model import ConflictRule, Direction, FieldMapping, Owner
from clmkit.mapping.values.equality import is_same

Value = object


class Absent(enum.Enum):
    """No value is known: not even an empty one."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


class Action(enum.Enum):
    KEEP = "keep"  # nothing to write
    PUSH = "push"  # the CLM's value goes to Salesforce
    PULL = "pull"  # Salesforce's value goes to the CLM
    CONFLICT = "conflict"  # a steward decides; nothing is written


class Rule(enum.Enum):
    KEEP = "nothing moved"
    PUSH = "the CLM changed it"
    PULL = "Salesforce changed it"
    RESTORE_IN_SALESFORCE = "Salesforce changed a field that the CLM owns: put back"
    RESTORE_IN_CLM = "the CLM changed a field that Salesforce owns: put back"
    ASK = "both sides changed it"


_TO_SALESFORCE, _TO_CLM, _BOTH = Direction.CLM_TO_SALESFORCE, Direction.SALESFORCE_TO_CLM, Direction.BOTH

# (direction, the CLM moved, Salesforce moved) -> rule
TABLE: Mapping[tuple[Direction, bool, bool], Rule] = {
    (_TO_SALESFORCE, False, False): Rule.KEEP,
    (_TO_SALESFORCE, True, False): Rule.PUSH,
    (_TO_SALESFORCE, False, True): Rule.RESTORE_IN_SALESFORCE,
    (_TO_SALESFORCE, True, True): Rule.PUSH,
    (_TO_CLM, False, False): Rule.KEEP,
    (_TO_CLM, True, False): Rule.RESTORE_IN_CLM,
    (_TO_CLM, False, True): Rule.PULL,
    (_TO_CLM, True, True): Rule.PULL,
    (_BOTH, False, False): Rule.KEEP,
    (_BOTH, True, False): Rule.PUSH,
    (_BOTH, False, True): Rule.PULL,
    (_BOTH, True, True): Rule.ASK,
}

_ACTIONS = {
    Rule.KEEP: Action.KEEP,
    Rule.PUSH: Action.PUSH,
    Rule.PULL: Action.PULL,
    Rule.RESTORE_IN_SALESFORCE: Action.PUSH,
    Rule.RESTORE_IN_CLM: Action.PULL,
}


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field on both sides. `state` is the lifecycle state's name; `clm_is_newer` compares the two modification times."""

    base: Value | Absent
    clm: Value | Absent
    salesforce: Value | Absent
    state: str | None = None
    clm_is_newer: bool = False


@dataclass(frozen=True, slots=True)
class FieldDecision:
    field: FieldMapping
    action: Action
    value: Value
    reason: str


def decide_field(field: FieldMapping, facts: FieldFacts) -> FieldDecision:
    """What to do about one field of two records that both exist. A parked value is left alone."""
    if facts.clm is ABSENT or facts.salesforce is ABSENT or field.direction is Direction.NONE:
        return FieldDecision(field, Action.KEEP, None, "one side gives no value")
    if is_same_value(field, facts.clm, facts.salesforce):
        return FieldDecision(field, Action.KEEP, facts.clm, "both sides agree")
    rule = TABLE[
        (field.direction, _has_moved(field, facts.base, facts.clm), _has_moved(field, facts.base, facts.salesforce))
    ]
    action = _settle(field, facts) if rule is Rule.ASK else _ACTIONS[rule]
    value = facts.salesforce if action is Action.PULL else facts.clm
    return FieldDecision(field, action, value, rule.value)


def decide_creation(field: FieldMapping, clm: Value | Absent) -> FieldDecision:
    """What to write of a field when the Salesforce record is created: what may go there, and seeds; nothing empty."""
    wanted = clm is not ABSENT and clm is not None and (field.to_salesforce or field.seed)
    return FieldDecision(field, Action.PUSH if wanted else Action.KEEP, clm if wanted else None, "the record is new")


def is_stale(revision: int | None, known: int | None) -> bool:
    """Whether an agreement's revision is older than the one that was already applied: an older one never overwrites a newer."""
    return revision is not None and known is not None and revision < known


def is_same_value(field: FieldMapping, one: Value, other: Value) -> bool:
    """References are compared by their match value; addresses without case, because Salesforce stores them in lower case."""
    if field.reference is not None and field.transform == "email":
        return _folded(one) == _folded(other)
    return is_same(field, one, other)


def _folded(value: Value) -> object:
    return value.strip().casefold() if isinstance(value, str) and value.strip() else None


def _has_moved(field: FieldMapping, base: Value | Absent, value: Value | Absent) -> bool:
    if base is ABSENT:
        return not is_same_value(field, None, value)
    return not is_same_value(field, base, value)


def _settle(field: FieldMapping, facts: FieldFacts) -> Action:
    """Both sides of a shared field moved, to different values."""
    match field.conflict:
        case ConflictRule.STEWARD_DECIDES:
            return Action.CONFLICT
        case ConflictRule.NEWEST_WINS:
            return Action.PUSH if facts.clm_is_newer else Action.PULL
        case ConflictRule.PRECEDENCE | ConflictRule.OWNER_WINS:
            winner = next((row.wins for row in field.precedence if facts.state in row.states), None)
            return {Owner.CLM: Action.PUSH, Owner.SALESFORCE: Action.PULL}.get(winner or Owner.SHARED, Action.CONFLICT)
