"""The decisions of the sync. Pure: facts in, actions out; no clock, no store, no network.

A field is judged against its base, the value on which both systems last agreed. Each side has either kept the base or
moved away from it; with the field's holder that gives one cell of TABLE.

The holder of a shared field is named by its precedence row for the circumstances: the lifecycle state, the record's dates today,
and the roles of who made the edit, on whichever side (`editors`); where both sides were edited a row applies to the roles of
either. There the other side's edit is put back, as by the generated trigger guard. The guard knows the status and the dates of the
Salesforce record, the CLM its own; when the two name different holders, the field is changing hands and an edit of either side
stands, because each side was allowed to make it. Where the winner depends on what is not known, nobody is taken for it: an edit
waits for the steward. `Rule.ASK` cells (both sides of a shared field moved) are settled by SETTLEMENTS, the field's conflict rule.

A value that the sync has put back and that does not hold is rewritten by an automation: a trigger, a flow, a rule of the CLM.
`hops` remembers that a value was put back, in Salesforce (1) or in the CLM (-1). When that side is found moved again although
nobody gave a new value, the field is UNSTABLE: nothing is written a third time, a steward looks. So every edit settles in two hops.
What a person changed in Salesforce since is a new edit, however quickly it came: the record or its event names them. After
MOST_QUICK such edits with no look in between a steward looks all the same: some automations work under a person's name.

When no base is known (first meeting of two records) an empty side counts as unmoved and nobody holds a shared field, so its
filled side wins; a field with one owner always ends with the owner's value, even an empty one.
"""

from __future__ import annotations

import datetime
import enum
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as with_default

from clmkit.mapping.model import ConflictRule, Direction, FieldMapping, Owner
from clmkit.mapping.precedence import Circumstances, find_winner
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
    WAIT = "wait"  # a push or a pull whose time has not come; nothing is written, nothing agreed on


class Holder(enum.Enum):
    """Who may move a field now."""

    CLM = "the CLM owns it"
    SALESFORCE = "Salesforce owns it"
    FROZEN = "Salesforce owns it, frozen in this state"
    CLM_HERE = "shared, the CLM wins in this state"
    SALESFORCE_HERE = "shared, Salesforce wins in this state"
    OPEN = "shared, both may move"
    UNKNOWN = "shared, who wins depends on what is not known"


class Rule(enum.Enum):
    KEEP = "nothing moved"
    PUSH = "the CLM changed it"
    PULL = "Salesforce changed it"
    RESTORE_IN_SALESFORCE = "Salesforce changed a field that the CLM owns: put back"
    RESTORE_IN_CLM = "the CLM changed a field that Salesforce owns: put back"
    ASK = "both sides changed it"
    STEWARD = "Salesforce changed a field that is frozen in this state"
    UNDECIDED = "it was changed, and who wins depends on what is not known"
    UNSTABLE = "it was put back and did not hold: an automation rewrites it"


class Settlement(enum.Enum):
    """What settles two edits."""

    CLM = "the CLM's value stands"
    SALESFORCE = "Salesforce's value stands"
    NEWEST = "the newest value stands"
    STEWARD = "a steward decides"


# (holder, the CLM moved, Salesforce moved) -> rule
TABLE: Mapping[tuple[Holder, bool, bool], Rule] = {
    (Holder.CLM, False, False): Rule.KEEP,
    (Holder.CLM, True, False): Rule.PUSH,
    (Holder.CLM, False, True): Rule.RESTORE_IN_SALESFORCE,
    (Holder.CLM, True, True): Rule.PUSH,
    (Holder.SALESFORCE, False, False): Rule.KEEP,
    (Holder.SALESFORCE, True, False): Rule.RESTORE_IN_CLM,
    (Holder.SALESFORCE, False, True): Rule.PULL,
    (Holder.SALESFORCE, True, True): Rule.PULL,
    (Holder.FROZEN, False, False): Rule.KEEP,
    (Holder.FROZEN, True, False): Rule.RESTORE_IN_CLM,
    (Holder.FROZEN, False, True): Rule.STEWARD,
    (Holder.FROZEN, True, True): Rule.STEWARD,
    (Holder.CLM_HERE, False, False): Rule.KEEP,
    (Holder.CLM_HERE, True, False): Rule.PUSH,
    (Holder.CLM_HERE, False, True): Rule.RESTORE_IN_SALESFORCE,
    (Holder.CLM_HERE, True, True): Rule.ASK,
    (Holder.SALESFORCE_HERE, False, False): Rule.KEEP,
    (Holder.SALESFORCE_HERE, True, False): Rule.RESTORE_IN_CLM,
    (Holder.SALESFORCE_HERE, False, True): Rule.PULL,
    (Holder.SALESFORCE_HERE, True, True): Rule.ASK,
    (Holder.OPEN, False, False): Rule.KEEP,
    (Holder.OPEN, True, False): Rule.PUSH,
    (Holder.OPEN, False, True): Rule.PULL,
    (Holder.OPEN, True, True): Rule.ASK,
    (Holder.UNKNOWN, False, False): Rule.KEEP,
    (Holder.UNKNOWN, True, False): Rule.UNDECIDED,
    (Holder.UNKNOWN, False, True): Rule.UNDECIDED,
    (Holder.UNKNOWN, True, True): Rule.ASK,
}

# (conflict rule, holder of a shared field) -> what settles two edits
SETTLEMENTS: Mapping[tuple[ConflictRule, Holder], Settlement] = {
    (ConflictRule.OWNER_WINS, Holder.CLM_HERE): Settlement.CLM,
    (ConflictRule.OWNER_WINS, Holder.SALESFORCE_HERE): Settlement.SALESFORCE,
    (ConflictRule.OWNER_WINS, Holder.OPEN): Settlement.STEWARD,
    (ConflictRule.OWNER_WINS, Holder.UNKNOWN): Settlement.STEWARD,
    (ConflictRule.PRECEDENCE, Holder.CLM_HERE): Settlement.CLM,
    (ConflictRule.PRECEDENCE, Holder.SALESFORCE_HERE): Settlement.SALESFORCE,
    (ConflictRule.PRECEDENCE, Holder.OPEN): Settlement.STEWARD,
    (ConflictRule.PRECEDENCE, Holder.UNKNOWN): Settlement.STEWARD,
    (ConflictRule.NEWEST_WINS, Holder.CLM_HERE): Settlement.NEWEST,
    (ConflictRule.NEWEST_WINS, Holder.SALESFORCE_HERE): Settlement.NEWEST,
    (ConflictRule.NEWEST_WINS, Holder.OPEN): Settlement.NEWEST,
    (ConflictRule.NEWEST_WINS, Holder.UNKNOWN): Settlement.NEWEST,
    (ConflictRule.STEWARD_DECIDES, Holder.CLM_HERE): Settlement.STEWARD,
    (ConflictRule.STEWARD_DECIDES, Holder.SALESFORCE_HERE): Settlement.STEWARD,
    (ConflictRule.STEWARD_DECIDES, Holder.OPEN): Settlement.STEWARD,
    (ConflictRule.STEWARD_DECIDES, Holder.UNKNOWN): Settlement.STEWARD,
}

# which side a value was put back on, the CLM moved, Salesforce moved: it did not hold
UNSTABLE = frozenset({(1, False, True), (-1, True, False)})
MOST_QUICK = 5
"""Edits of a person, one after the other, that are put back although none of them was seen to hold."""

_ACTIONS = {
    Rule.KEEP: Action.KEEP,
    Rule.PUSH: Action.PUSH,
    Rule.PULL: Action.PULL,
    Rule.RESTORE_IN_SALESFORCE: Action.PUSH,
    Rule.RESTORE_IN_CLM: Action.PULL,
    Rule.STEWARD: Action.CONFLICT,
    Rule.UNDECIDED: Action.CONFLICT,
}

Dates = Mapping[str, datetime.date | None]
Editors = tuple[frozenset[str], ...]
"""The roles of each person who may have made an edit."""
NOBODY: Editors = (frozenset(),)


@dataclass(frozen=True, slots=True)
class FieldFacts:
    """One field on both sides. `state` is the lifecycle state of the agreement, `salesforce_state` that of the record (both by
    name, None when unknown); `clm_is_newer` compares the two modification times. The dates are those of the two records, by field
    name; `today` is the org's day. `editors` made Salesforce's edit, `clm_editors` the CLM's: None when
    nobody knows; `unknown` and `clm_unknown` say why.
    """

    base: Value | Absent
    clm: Value | Absent
    salesforce: Value | Absent
    state: str | None = None
    salesforce_state: str | None = None
    clm_is_newer: bool = False
    hops: int = 0
    is_read: bool = True
    """Whether Salesforce was asked just now; otherwise `salesforce` is what was agreed on last."""
    clm_dates: Dates = with_default(default_factory=dict)
    salesforce_dates: Dates = with_default(default_factory=dict)
    today: datetime.date | None = None
    editors: Editors | None = None
    unknown: str = ""
    clm_editors: Editors | None = NOBODY
    clm_unknown: str = ""
    by_person: bool = False
    """Whether a person saved the record in Salesforce after a value was put back there."""


@dataclass(frozen=True, slots=True)
class FieldDecision:
    """`hops` is what to remember of the field (see above), 0 for nothing."""

    field: FieldMapping
    action: Action
    value: Value
    reason: str
    hops: int = 0

    @property
    def is_unstable(self) -> bool:
        return self.reason == Rule.UNSTABLE.value


def find_holder(field: FieldMapping, facts: FieldFacts, editors: Editors | None) -> Holder:
    """Who may move a field that moves at all. What is frozen in Salesforce's state people may not change there."""
    is_frozen = facts.salesforce_state in field.frozen_from
    if field.direction is Direction.CLM_TO_SALESFORCE:
        return Holder.CLM
    if field.direction is Direction.SALESFORCE_TO_CLM:
        return Holder.FROZEN if is_frozen else Holder.SALESFORCE
    here = _find_winner(field, facts.state, facts.clm_dates, facts, editors)
    there = (
        Owner.CLM if is_frozen else _find_winner(field, facts.salesforce_state, facts.salesforce_dates, facts, editors)
    )
    return _HOLDERS.get((here, there), Holder.OPEN) if here and there else Holder.UNKNOWN


_HOLDERS = {(Owner.CLM, Owner.CLM): Holder.CLM_HERE, (Owner.SALESFORCE, Owner.SALESFORCE): Holder.SALESFORCE_HERE}


def decide_field(field: FieldMapping, facts: FieldFacts) -> FieldDecision:
    """What to do about one field of two records that both exist. A parked value is left alone."""
    if facts.clm is ABSENT or field.direction is Direction.NONE:
        return FieldDecision(field, Action.KEEP, None, "one side gives no value")
    if facts.salesforce is ABSENT:
        return _decide_unreadable(field, facts, find_holder(field, facts, facts.editors))
    if is_same_value(field, facts.clm, facts.salesforce):
        holds = facts.hops < 0 or facts.is_read
        return FieldDecision(field, Action.KEEP, facts.clm, "both sides agree", 0 if holds else facts.hops)
    moves = has_moved(field, facts.base, facts.clm), has_moved(field, facts.base, facts.salesforce)
    if is_unstable(facts, *moves):
        return FieldDecision(field, Action.CONFLICT, facts.clm, Rule.UNSTABLE.value, facts.hops)
    holder = find_holder(field, facts, find_makers(facts, *moves))
    is_first_meeting = facts.base is ABSENT and field.direction is Direction.BOTH
    rule = TABLE[(Holder.OPEN if is_first_meeting else holder, *moves)]
    action = _settle(field, facts, holder) if rule is Rule.ASK else _ACTIONS[rule]
    value = facts.salesforce if action is Action.PULL else facts.clm
    untold = (moves[1] and facts.unknown) or (moves[0] and facts.clm_unknown)
    is_untold = holder is Holder.UNKNOWN and action is Action.CONFLICT and untold
    reason = f"{rule.value} ({untold})" if is_untold else rule.value
    hop = count_hop(field, action, *moves)
    return FieldDecision(field, action, value, reason, hop if hop * facts.hops <= 0 else hop + facts.hops)


def find_makers(facts: FieldFacts, clm_moved: bool, salesforce_moved: bool) -> Editors | None:
    """The roles of who may have made the edits, together where both sides were edited; None when nobody knows."""
    sides = [one for one, moved in ((facts.clm_editors, clm_moved), (facts.editors, salesforce_moved)) if moved]
    makers = NOBODY
    for side in sides:
        if side is None:
            return None
        makers = tuple(known | roles for known in makers for roles in side)
    return makers


def is_unstable(facts: FieldFacts, clm_moved: bool, salesforce_moved: bool) -> bool:
    """Whether a value that was put back did not hold, and no person is the reason."""
    side = max(-1, min(1, facts.hops))
    is_quick = facts.by_person and abs(facts.hops) < MOST_QUICK
    return (side, clm_moved, salesforce_moved) in UNSTABLE and not is_quick


def count_hop(field: FieldMapping, action: Action, clm_moved: bool, salesforce_moved: bool) -> int:
    """What to remember of a write: which side loses a value by it, and so may give it again."""
    if action is Action.PUSH and salesforce_moved:
        return 1
    if action is Action.PULL and (clm_moved or field.direction is Direction.BOTH):
        return -1
    return 0


def _decide_unreadable(field: FieldMapping, facts: FieldFacts, holder: Holder) -> FieldDecision:
    """Salesforce refers to a record that the CLM cannot know. Where the CLM holds the field that is an edit like any other."""
    if facts.base is not ABSENT and holder in (Holder.CLM, Holder.CLM_HERE):
        return FieldDecision(field, Action.PUSH, facts.clm, Rule.RESTORE_IN_SALESFORCE.value)
    return FieldDecision(field, Action.KEEP, None, "one side gives no value")


def decide_creation(field: FieldMapping, clm: Value | Absent) -> FieldDecision:
    """What to write of a field when the Salesforce record is created: what may go there, and seeds; nothing empty."""
    wanted = clm is not ABSENT and clm is not None and (field.to_salesforce or field.seed)
    return FieldDecision(field, Action.PUSH if wanted else Action.KEEP, clm if wanted else None, "the record is new")


def is_stale(revision: int | None, known: int | None) -> bool:
    """Whether an agreement's revision is older than the one that was already applied: an older one never overwrites a newer."""
    return revision is not None and known is not None and revision < known


def is_same_value(field: FieldMapping, one: Value, other: Value) -> bool:
    """References are compared by their match value; addresses without case, because Salesforce stores them in lower case."""
    if type(one) is type(other) and one == other:
        return True
    if field.reference is not None and field.transform == "email":
        return _folded(one) == _folded(other)
    return is_same(field, one, other)


def _folded(value: Value) -> object:
    return value.strip().casefold() if isinstance(value, str) and value.strip() else None


def has_moved(field: FieldMapping, base: Value | Absent, value: Value | Absent) -> bool:
    """Whether a side left what both agreed on; without a base, whether it has a value at all."""
    if base is ABSENT:
        return not is_same_value(field, None, value)
    return not is_same_value(field, base, value)


def _settle(field: FieldMapping, facts: FieldFacts, holder: Holder) -> Action:
    """Both sides of a shared field moved, to different values."""
    match SETTLEMENTS[(field.conflict, holder)]:
        case Settlement.CLM:
            return Action.PUSH
        case Settlement.SALESFORCE:
            return Action.PULL
        case Settlement.NEWEST:
            return Action.PUSH if facts.clm_is_newer else Action.PULL
        case Settlement.STEWARD:
            return Action.CONFLICT


def _find_winner(
    field: FieldMapping, state: str | None, dates: Dates, facts: FieldFacts, editors: Editors | None
) -> Owner | None:
    """Who wins on one side; SHARED when no row is for its state, None when that depends on what is not known."""
    if not any(state in row.states for row in field.precedence):
        return Owner.SHARED
    makers: tuple[frozenset[str] | None, ...] = (None,) if editors is None else editors
    found = {
        find_winner(field.precedence, Circumstances(state, roles, dates, facts.today))
        for roles in dict.fromkeys(makers)
    }
    return found.pop() if len(found) == 1 else None
