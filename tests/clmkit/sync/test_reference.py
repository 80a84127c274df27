from itertools import product
from pathlib import Path

import pytest
from tests.clmkit.sync.world import shipped_spec

from clmkit.mapping.model import ConflictRule
from clmkit.sync.decide import SETTLEMENTS, TABLE, Action, Holder
from clmkit.sync.reference import STAGED, decide_cell, render

PAGE = Path(__file__).parents[3] / "docs/reference/sync-decisions.md"

# holder -> the actions when nobody moved, Salesforce moved, the CLM moved, both moved
EXPECTED: dict[Holder, tuple[str, str, str, str]] = {
    Holder.CLM: ("keep", "push", "push", "push"),
    Holder.SALESFORCE: ("keep", "pull", "pull", "pull"),
    Holder.FROZEN: ("keep", "conflict", "pull", "conflict"),
    Holder.CLM_HERE: ("keep", "push", "push", "conflict"),
    Holder.SALESFORCE_HERE: ("keep", "pull", "pull", "conflict"),
    Holder.OPEN: ("keep", "pull", "push", "conflict"),
    Holder.UNKNOWN: ("keep", "conflict", "conflict", "conflict"),
}


def test_the_reference_page_is_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(shipped_spec()), "run python -m clmkit.sync.reference"


@pytest.mark.parametrize("holder", Holder)
def test_every_cell_is_decided_as_its_example_says(holder: Holder) -> None:
    spec = shipped_spec()
    decided = tuple(
        decide_cell(spec, holder, clm_moved, salesforce_moved, ConflictRule.STEWARD_DECIDES).action.value
        for clm_moved, salesforce_moved in product((False, True), repeat=2)
    )
    assert decided == EXPECTED[holder]


def test_every_cell_is_on_the_page() -> None:
    assert set(STAGED) == set(Holder)
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    assert sum(line.split(" | ")[0].removeprefix("| ") in {one.value for one in Holder} for line in lines) == len(TABLE)
    assert sum(line.startswith("| `") and len(line.split(" | ")) == 4 for line in lines) == len(SETTLEMENTS)


@pytest.mark.parametrize(("rule", "holder"), SETTLEMENTS)
def test_a_conflict_that_a_steward_decides_writes_nothing(rule: ConflictRule, holder: Holder) -> None:
    decision = decide_cell(shipped_spec(), holder, True, True, rule)
    assert (decision.action is Action.CONFLICT) == (SETTLEMENTS[rule, holder].value == "a steward decides")
