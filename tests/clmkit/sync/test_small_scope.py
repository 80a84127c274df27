"""Every story of a few steps, none left out: both systems end equal under the ownership rules, and come to rest.

The hypothesis machine of test_convergence goes deeper at random; here the small world is walked through whole. A story that fails
is printed as what somebody did. `python bench/stories.py` walks three steps for every mapping.
"""

from collections.abc import Callable
from itertools import product

import pytest
from tests.clmkit.sync.exploration import explore
from tests.clmkit.sync.stories import MAPPINGS, steps_of, tell

from clmkit.sync import decide, intake
from clmkit.sync.decide import Holder, Rule

Plant = Callable[[pytest.MonkeyPatch], None]


@pytest.mark.parametrize("mapping", MAPPINGS)
def test_every_story_of_two_steps_ends_equal(mapping: str) -> None:
    walk = explore(mapping, 2)
    assert walk.wrong == []
    assert walk.stories == len(steps_of(mapping)) ** 2
    assert walk.states > len(steps_of(mapping))


def plant_a_wrong_rule(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(decide, "TABLE", {**decide.TABLE, (Holder.CLM, False, True): Rule.KEEP})


def plant_deafness(patch: pytest.MonkeyPatch) -> None:
    """Everything that people do in Salesforce is taken for the sync's own write."""
    patch.setattr(intake, "is_echo", lambda _mapping, link, _row: link is not None)


# what is planted, the steps that are told, the first of the stories that tell of it
PLANTED: list[tuple[Plant, tuple[str, ...], list[str]]] = [
    (
        plant_a_wrong_rule,
        ("the CLM changes the title", "Salesforce changes the title", "the sync runs"),
        [
            "Salesforce changes the title: the title of AGR-000001 is not the CLM's and nobody was told",
            "Salesforce changes the title: reconcile finds differences",
        ],
    ),
    (
        plant_deafness,
        ("the CLM changes the title", "Bea takes over in Salesforce", "the sync runs"),
        [
            "the CLM changes the title: the owner of AGR-000001 is not Salesforce's",
            "the CLM changes the title: reconcile finds differences",
        ],
    ),
]


@pytest.mark.parametrize(("plant", "steps", "told"), PLANTED)
def test_what_is_planted_is_told_as_the_shortest_story(
    monkeypatch: pytest.MonkeyPatch, plant: Plant, steps: tuple[str, ...], told: list[str]
) -> None:
    plant(monkeypatch)
    assert explore("contract", 3, steps).wrong[:2] == told


def test_a_walk_finds_whatever_telling_each_story_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    plant_a_wrong_rule(monkeypatch)
    steps = ("the CLM changes the title", "Salesforce changes the title", "the sync runs")
    told = {fault.rpartition(": ")[2] for story in product(steps, repeat=2) for fault in tell("contract", story)}
    assert {fault.rpartition(": ")[2] for fault in explore("contract", 2, steps).wrong} == told
