from itertools import product

import msgspec
import pytest
from tests.clmkit.sync.world import shipped_spec

from clmkit.mapping.model import ConflictRule, Direction, FieldMapping, Owner, PrecedenceRow, Window
from clmkit.sync.decide import (
    ABSENT,
    SETTLEMENTS,
    TABLE,
    Absent,
    Action,
    FieldFacts,
    Holder,
    decide_creation,
    decide_field,
    find_holder,
    is_stale,
)

TITLE = shipped_spec().get_object("contract").get_field("title")
OWNER = msgspec.structs.replace(shipped_spec().get_object("contract").get_field("owner"), seed=False)
CONTACT = shipped_spec().get_object("contract").get_field("primary_contact")
SHARED = (Holder.CLM_HERE, Holder.SALESFORCE_HERE, Holder.OPEN, Holder.UNKNOWN)


def field_of(direction: Direction, conflict: ConflictRule = ConflictRule.STEWARD_DECIDES) -> FieldMapping:
    return msgspec.structs.replace(TITLE, direction=direction, conflict=conflict)


def test_the_table_has_a_cell_for_every_holder_and_movement() -> None:
    assert set(TABLE) == set(product(Holder, (False, True), (False, True)))


def test_every_conflict_rule_settles_two_edits_whoever_holds_the_shared_field() -> None:
    assert set(SETTLEMENTS) == set(product(ConflictRule, SHARED))


# direction, base, CLM, Salesforce -> action, value that is written
CELLS = [
    ("clm_to_salesforce", "a", "a", "a", Action.KEEP, "a"),
    ("clm_to_salesforce", "a", "b", "a", Action.PUSH, "b"),
    ("clm_to_salesforce", "a", "a", "c", Action.PUSH, "a"),
    ("clm_to_salesforce", "a", "b", "c", Action.PUSH, "b"),
    ("clm_to_salesforce", "a", None, "a", Action.PUSH, None),
    ("salesforce_to_clm", "a", "a", "a", Action.KEEP, "a"),
    ("salesforce_to_clm", "a", "b", "a", Action.PULL, "a"),
    ("salesforce_to_clm", "a", "a", "c", Action.PULL, "c"),
    ("salesforce_to_clm", "a", "b", "c", Action.PULL, "c"),
    ("salesforce_to_clm", "a", "a", None, Action.PULL, None),
    ("both", "a", "a", "a", Action.KEEP, "a"),
    ("both", "a", "b", "a", Action.PUSH, "b"),
    ("both", "a", "a", "c", Action.PULL, "c"),
    ("both", "a", "b", "c", Action.CONFLICT, "b"),
    ("both", "a", "b", "b", Action.KEEP, "b"),
    ("both", ABSENT, "b", None, Action.PUSH, "b"),
    ("both", ABSENT, None, "c", Action.PULL, "c"),
    ("both", ABSENT, "b", "c", Action.CONFLICT, "b"),
    ("both", ABSENT, None, "", Action.KEEP, None),
    ("clm_to_salesforce", ABSENT, None, "c", Action.PUSH, None),
    ("clm_to_salesforce", "a", ABSENT, "c", Action.KEEP, None),
    ("clm_to_salesforce", "a", "a", ABSENT, Action.PUSH, "a"),
    ("clm_to_salesforce", ABSENT, "a", ABSENT, Action.KEEP, None),
    ("salesforce_to_clm", "a", "a", ABSENT, Action.KEEP, None),
    ("both", "a", "b", ABSENT, Action.KEEP, None),
    ("none", "a", "b", "c", Action.KEEP, None),
]


@pytest.mark.parametrize(("direction", "base", "clm", "salesforce", "action", "value"), CELLS)
def test_each_cell_decides_as_ownership_says(
    direction: str,
    base: str | Absent,
    clm: str | Absent | None,
    salesforce: str | Absent | None,
    action: Action,
    value: str | None,
) -> None:
    decision = decide_field(field_of(Direction(direction)), FieldFacts(base, clm, salesforce))
    assert (decision.action, decision.value) == (action, value)


PRECEDENCE = (
    PrecedenceRow(states=("draft",), wins=Owner.SALESFORCE),
    PrecedenceRow(states=("active",), wins=Owner.CLM),
    PrecedenceRow(states=("expired",), window=Window(field="end_date", before=True, days=90), wins=Owner.SALESFORCE),
    PrecedenceRow(states=("expired",), wins=Owner.CLM),
)


# state of the agreement, state of the record -> holder of a shared field
HOLDERS = [
    ("draft", "draft", Holder.SALESFORCE_HERE),
    ("active", "active", Holder.CLM_HERE),
    ("active", "draft", Holder.OPEN),
    ("draft", "active", Holder.OPEN),
    ("active", None, Holder.OPEN),
    (None, "draft", Holder.OPEN),
    (None, None, Holder.OPEN),
    ("lost", "lost", Holder.OPEN),
]


@pytest.mark.parametrize(("state", "salesforce_state", "holder"), HOLDERS)
def test_a_shared_field_is_held_by_whom_both_states_name(
    state: str | None, salesforce_state: str | None, holder: Holder
) -> None:
    assert find_holder(shared(ConflictRule.STEWARD_DECIDES), states(state, salesforce_state), None) is holder


def states(state: str | None, salesforce_state: str | None) -> FieldFacts:
    return FieldFacts("a", "a", "a", state, salesforce_state)


def shared(rule: ConflictRule) -> FieldMapping:
    return msgspec.structs.replace(field_of(Direction.BOTH, rule), precedence=PRECEDENCE)


STATES = {
    Holder.SALESFORCE_HERE: ("draft", "draft"),
    Holder.CLM_HERE: ("active", "active"),
    Holder.OPEN: ("active", "draft"),
    Holder.UNKNOWN: ("expired", "expired"),
}

# holder of a shared field, base, CLM, Salesforce -> action, value that is written
SHARED_CELLS = [
    (Holder.SALESFORCE_HERE, "a", "a", "a", Action.KEEP, "a"),
    (Holder.SALESFORCE_HERE, "a", "b", "a", Action.PULL, "a"),
    (Holder.SALESFORCE_HERE, "a", "a", "c", Action.PULL, "c"),
    (Holder.SALESFORCE_HERE, "a", "a", ABSENT, Action.KEEP, None),
    (Holder.SALESFORCE_HERE, "a", "b", "c", Action.CONFLICT, "b"),
    (Holder.CLM_HERE, "a", "a", "a", Action.KEEP, "a"),
    (Holder.CLM_HERE, "a", "b", "a", Action.PUSH, "b"),
    (Holder.CLM_HERE, "a", "a", "c", Action.PUSH, "a"),
    (Holder.CLM_HERE, "a", "a", ABSENT, Action.PUSH, "a"),
    (Holder.CLM_HERE, "a", "b", "c", Action.CONFLICT, "b"),
    (Holder.OPEN, "a", "a", "a", Action.KEEP, "a"),
    (Holder.OPEN, "a", "b", "a", Action.PUSH, "b"),
    (Holder.OPEN, "a", "a", "c", Action.PULL, "c"),
    (Holder.OPEN, "a", "b", "c", Action.CONFLICT, "b"),
    (Holder.UNKNOWN, "a", "a", "a", Action.KEEP, "a"),
    (Holder.UNKNOWN, "a", "b", "a", Action.CONFLICT, "b"),
    (Holder.UNKNOWN, "a", "a", "c", Action.CONFLICT, "a"),
    (Holder.UNKNOWN, "a", "b", "c", Action.CONFLICT, "b"),
    (Holder.CLM_HERE, ABSENT, None, "c", Action.PULL, "c"),
    (Holder.SALESFORCE_HERE, ABSENT, "b", None, Action.PUSH, "b"),
]


@pytest.mark.parametrize(("holder", "base", "clm", "salesforce", "action", "value"), SHARED_CELLS)
def test_each_cell_of_a_shared_field_decides_as_its_holder_says(
    holder: Holder,
    base: str | Absent,
    clm: str | None,
    salesforce: str | Absent | None,
    action: Action,
    value: str | None,
) -> None:
    facts = FieldFacts(base, clm, salesforce, *STATES[holder])
    decision = decide_field(shared(ConflictRule.STEWARD_DECIDES), facts)
    assert (decision.action, decision.value) == (action, value)


# rule, holder -> action when the CLM's edit is newer, when Salesforce's is
TWO_EDITS = [
    (ConflictRule.STEWARD_DECIDES, Holder.SALESFORCE_HERE, Action.CONFLICT, Action.CONFLICT),
    (ConflictRule.STEWARD_DECIDES, Holder.CLM_HERE, Action.CONFLICT, Action.CONFLICT),
    (ConflictRule.STEWARD_DECIDES, Holder.OPEN, Action.CONFLICT, Action.CONFLICT),
    (ConflictRule.STEWARD_DECIDES, Holder.UNKNOWN, Action.CONFLICT, Action.CONFLICT),
    (ConflictRule.NEWEST_WINS, Holder.SALESFORCE_HERE, Action.PUSH, Action.PULL),
    (ConflictRule.NEWEST_WINS, Holder.CLM_HERE, Action.PUSH, Action.PULL),
    (ConflictRule.NEWEST_WINS, Holder.OPEN, Action.PUSH, Action.PULL),
    (ConflictRule.NEWEST_WINS, Holder.UNKNOWN, Action.PUSH, Action.PULL),
    (ConflictRule.PRECEDENCE, Holder.SALESFORCE_HERE, Action.PULL, Action.PULL),
    (ConflictRule.PRECEDENCE, Holder.CLM_HERE, Action.PUSH, Action.PUSH),
    (ConflictRule.PRECEDENCE, Holder.OPEN, Action.CONFLICT, Action.CONFLICT),
    (ConflictRule.PRECEDENCE, Holder.UNKNOWN, Action.CONFLICT, Action.CONFLICT),
    (ConflictRule.OWNER_WINS, Holder.SALESFORCE_HERE, Action.PULL, Action.PULL),
    (ConflictRule.OWNER_WINS, Holder.CLM_HERE, Action.PUSH, Action.PUSH),
    (ConflictRule.OWNER_WINS, Holder.OPEN, Action.CONFLICT, Action.CONFLICT),
    (ConflictRule.OWNER_WINS, Holder.UNKNOWN, Action.CONFLICT, Action.CONFLICT),
]


@pytest.mark.parametrize(("rule", "holder", "clm_newer", "salesforce_newer"), TWO_EDITS)
def test_two_edits_of_a_shared_field_are_settled_by_its_rule(
    rule: ConflictRule, holder: Holder, clm_newer: Action, salesforce_newer: Action
) -> None:
    decided = [
        decide_field(shared(rule), FieldFacts("a", "b", "c", *STATES[holder], newer)).action for newer in (True, False)
    ]
    assert decided == [clm_newer, salesforce_newer]


def test_each_cell_has_its_row_here() -> None:
    cells = {
        (holder, clm != base, sf != base) for holder, base, clm, sf, *_ in SHARED_CELLS if ABSENT not in (base, sf)
    }
    assert cells == set(product(SHARED, (False, True), (False, True)))
    assert [(rule, holder) for rule, holder, *_ in TWO_EDITS] == [
        (rule, holder)
        for rule in (
            ConflictRule.STEWARD_DECIDES,
            ConflictRule.NEWEST_WINS,
            ConflictRule.PRECEDENCE,
            ConflictRule.OWNER_WINS,
        )
        for holder in (Holder.SALESFORCE_HERE, Holder.CLM_HERE, Holder.OPEN, Holder.UNKNOWN)
    ]


@pytest.mark.parametrize(
    ("clm", "salesforce", "action", "reason"),
    [
        ("a", "c", Action.CONFLICT, "Salesforce changed a field that is frozen in this state"),
        ("b", "c", Action.CONFLICT, "Salesforce changed a field that is frozen in this state"),
        ("b", "a", Action.PULL, "the CLM changed a field that Salesforce owns: put back"),
        ("a", "a", Action.KEEP, "both sides agree"),
    ],
)
def test_an_edit_of_what_is_frozen_in_salesforce_waits_for_a_steward(
    clm: str, salesforce: str, action: Action, reason: str
) -> None:
    frozen = msgspec.structs.replace(field_of(Direction.SALESFORCE_TO_CLM), frozen_from=("active",))
    decision = decide_field(frozen, FieldFacts("a", clm, salesforce, "active", "active"))
    assert (decision.action, decision.reason) == (action, reason)


def test_a_shared_field_that_is_frozen_in_salesforce_is_the_clms() -> None:
    frozen = msgspec.structs.replace(shared(ConflictRule.STEWARD_DECIDES), frozen_from=("active",))
    assert find_holder(frozen, states("active", "active"), None) is Holder.CLM_HERE


def test_an_owner_is_the_same_whatever_the_case_of_the_address() -> None:
    assert decide_field(OWNER, FieldFacts("a@x.example", "A@x.example", "a@X.example")).action is Action.KEEP


@pytest.mark.parametrize(
    ("field", "value", "action"),
    [
        (TITLE, "Supply", Action.PUSH),
        (TITLE, None, Action.KEEP),
        (TITLE, ABSENT, Action.KEEP),
        (OWNER, "a@x.example", Action.KEEP),
    ],
)
def test_a_new_record_gets_what_the_clm_may_write_and_nothing_empty(
    field: FieldMapping, value: str | Absent | None, action: Action
) -> None:
    assert decide_creation(field, value).action is action


def test_a_seed_is_written_when_the_record_is_created() -> None:
    seeded = msgspec.structs.replace(OWNER, seed=True)
    assert decide_creation(seeded, "a@x.example").action is Action.PUSH


@pytest.mark.parametrize(
    ("revision", "known", "stale"), [(2, 3, True), (3, 3, False), (4, 3, False), (1, None, False), (None, 3, False)]
)
def test_an_older_revision_is_stale(revision: int | None, known: int | None, stale: bool) -> None:
    assert is_stale(revision, known) is stale


def test_the_shared_field_of_the_shipped_mapping_asks_a_steward() -> None:
    assert decide_field(CONTACT, FieldFacts("a", "b", "c")).action is Action.CONFLICT
