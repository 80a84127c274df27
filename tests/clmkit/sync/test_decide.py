from itertools import product

import msgspec
import pytest
from tests.clmkit.sync.world import shipped_spec

from clmkit.mapping.model import ConflictRule, Direction, FieldMapping, Owner, PrecedenceRow
from clmkit.sync.decide import (
    ABSENT,
    TABLE,
    Absent,
    Action,
    FieldFacts,
    decide_creation,
    decide_field,
    is_stale,
)

TITLE = shipped_spec().get_object("contract").get_field("title")
OWNER = shipped_spec().get_object("contract").get_field("owner")
CONTACT = shipped_spec().get_object("contract").get_field("primary_contact")
DIRECTIONS = (Direction.CLM_TO_SALESFORCE, Direction.SALESFORCE_TO_CLM, Direction.BOTH)


def field_of(direction: Direction, conflict: ConflictRule = ConflictRule.STEWARD_DECIDES) -> FieldMapping:
    return msgspec.structs.replace(TITLE, direction=direction, conflict=conflict)


def test_the_table_has_a_cell_for_every_direction_and_movement() -> None:
    assert set(TABLE) == set(product(DIRECTIONS, (False, True), (False, True)))


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
)


@pytest.mark.parametrize(
    ("rule", "state", "clm_is_newer", "action"),
    [
        (ConflictRule.STEWARD_DECIDES, "draft", True, Action.CONFLICT),
        (ConflictRule.NEWEST_WINS, "draft", True, Action.PUSH),
        (ConflictRule.NEWEST_WINS, "draft", False, Action.PULL),
        (ConflictRule.PRECEDENCE, "draft", True, Action.PULL),
        (ConflictRule.PRECEDENCE, "active", False, Action.PUSH),
        (ConflictRule.OWNER_WINS, "active", False, Action.PUSH),
        (ConflictRule.PRECEDENCE, None, False, Action.CONFLICT),
    ],
)
def test_two_edits_of_a_shared_field_are_settled_by_its_rule(
    rule: ConflictRule, state: str | None, clm_is_newer: bool, action: Action
) -> None:
    field = msgspec.structs.replace(field_of(Direction.BOTH, rule), precedence=PRECEDENCE)
    assert decide_field(field, FieldFacts("a", "b", "c", state, clm_is_newer)).action is action


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
