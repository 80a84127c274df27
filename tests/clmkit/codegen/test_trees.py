"""Each generator's whole output is reviewed once, as a page: `golden/`. After a wanted change:

python -m tests.clmkit.codegen.trees --update
"""

from __future__ import annotations

import pytest
from tests.clmkit.codegen.trees import GENERATORS, GOLDEN, SMALL, make_tree, read_tree


@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_makes_the_tree_that_was_reviewed(name: str) -> None:
    assert make_tree(name) == read_tree(name), "read the difference; python -m tests.clmkit.codegen.trees --update"


@pytest.mark.parametrize("name", GENERATORS)
def test_the_spec_of_a_tree_brings_its_generator_to_make_something(name: str) -> None:
    assert read_tree(name).startswith("==== ")


def test_there_is_no_tree_and_no_spec_without_its_generator() -> None:
    assert {path.name for path in GOLDEN.iterdir()} == {
        f"{SMALL}.yml",
        *(f"{name}.{kind}" for name in GENERATORS for kind in ("yml", "tree")),
    }
