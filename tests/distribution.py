"""Which tests run on the same worker, one after the other, and which of them begin first.

A unit of work is a file, so that what a module sets up is set up once; for some folders it is the folder, because its files share a
running system. Units that start processes begin first, so that none of them is left alone at the end.

pytest-xdist's own groups (`--dist loadgroup`) are not used: since pytest 9.2 they are quietly ignored (pytest-xdist, issue 1386),
and every test outside of them is a unit of its own, wherever its module's fixtures are.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadScopeScheduling

SHARED_BY_A_FOLDER = ("tests/clmkit/release", "tests/orgtwin/cumulusci", "tests/orgtwin/sf")
FIRST = ("e2e", "node", "java", "long")


def schedule_units(config: pytest.Config, log: object) -> object:
    """A worker that has nearly nothing left takes the next unit, in the order in which the tests were collected."""
    config.option.loadscopereorder = False
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = unit_of
    return scheduler


def unit_of(nodeid: str) -> str:
    file = nodeid.split("::", 1)[0]
    return next((folder for folder in SHARED_BY_A_FOLDER if file.startswith(f"{folder}/")), file)


def long_ones_first(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not any(item.get_closest_marker(name) for name in FIRST))


def is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")
