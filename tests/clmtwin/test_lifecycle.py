from itertools import pairwise, product

import pytest

from clmtwin import agreements
from clmtwin.lifecycle import TRANSITIONS, Stage, is_legal
from clmtwin.model import Agreement
from clmtwin.problem import Problem

LIFE = ("INTAKE", "DRAFT", "NEGOTIATION", "APPROVAL", "EXECUTED", "ACTIVE", "EXPIRED", "ACTIVE", "TERMINATED")


def agreement(stage: str = "DRAFT") -> Agreement:
    return Agreement("AGR-000001", 1, Stage(stage), "Supply", "Supply Agreement", "", "user")


def test_every_stage_has_its_row_of_moves() -> None:
    assert set(TRANSITIONS) == set(Stage)


def test_every_stage_can_be_reached_from_intake() -> None:
    reached = {Stage.INTAKE}
    while True:
        further = reached | {target for stage in reached for target in TRANSITIONS[stage]}
        if further == reached:
            break
        reached = further
    assert reached == set(Stage)


def test_a_whole_life_is_a_walk_over_the_table() -> None:
    current = agreement(LIFE[0])
    for before, after in pairwise(LIFE):
        assert current.stage == before
        current = agreements.move(current, after)


@pytest.mark.parametrize(("before", "after"), [pair for pair in product(Stage, Stage) if not is_legal(*pair)])
def test_every_other_move_is_refused_with_the_moves_that_are_allowed(before: Stage, after: Stage) -> None:
    with pytest.raises(Problem) as refusal:
        agreements.move(agreement(before), after)
    assert refusal.value.code == "illegal_transition"
    assert refusal.value.detail.startswith(f"AGR-000001 cannot move {before} -> {after}: {before} ")


def test_the_refusal_names_what_may_be_done() -> None:
    with pytest.raises(Problem) as refusal:
        agreements.move(agreement("DRAFT"), "ACTIVE")
    assert refusal.value.detail == "AGR-000001 cannot move DRAFT -> ACTIVE: DRAFT may become NEGOTIATION, CANCELLED."


def test_a_final_stage_says_that_it_is_final() -> None:
    with pytest.raises(Problem) as refusal:
        agreements.move(agreement("TERMINATED"), "ACTIVE")
    assert refusal.value.detail == "AGR-000001 cannot move TERMINATED -> ACTIVE: TERMINATED is final."


def test_an_unknown_stage_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Problem) as refusal:
        agreements.move(agreement(), "SIGNED")
    assert refusal.value.detail.startswith("'SIGNED' is not a stage; stages are INTAKE, DRAFT,")
