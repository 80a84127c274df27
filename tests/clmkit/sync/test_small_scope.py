"""Every story of a few steps, none left out: both systems end equal under the ownership rules, and come to rest.

The hypothesis machine of test_convergence goes deeper at random; here the small world is walked through whole. A story that fails
is printed as what somebody did. `python bench/stories.py` walks three steps for every mapping.
"""

from itertools import product

import pytest
from tests.clmkit.sync.stories import MAPPINGS, STEPS, steps_of, tell

from clmkit.sync import decide
from clmkit.sync.decide import Holder, Rule


@pytest.mark.parametrize("first", STEPS)
def test_every_story_of_three_steps_ends_equal(first: str) -> None:
    assert [fault for rest in product(STEPS, repeat=2) for fault in tell("contract", (first, *rest))] == []


@pytest.mark.parametrize("mapping", [name for name in MAPPINGS if name != "contract"])
def test_every_story_of_two_steps_ends_equal_for_every_template(mapping: str) -> None:
    assert [fault for story in product(steps_of(mapping), repeat=2) for fault in tell(mapping, story)] == []


def test_a_rule_that_is_wrong_is_told_as_the_shortest_story(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "TABLE", {**decide.TABLE, (Holder.CLM, False, True): Rule.KEEP})
    stories = [story for length in (1, 2) for story in product(STEPS, repeat=length)]
    first = next(faults for story in stories if (faults := tell("contract", story)))
    assert first == [
        "Salesforce changes the title: the title of AGR-000001 is not the CLM's and nobody was told",
        "Salesforce changes the title: reconcile finds differences",
    ]
