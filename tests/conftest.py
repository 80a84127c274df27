"""What every test shares: how random examples are drawn, and how tests are shared out to workers.

`make test` draws the same examples each time, so that a red run can be repeated; `pytest --hypothesis-profile=explore` searches on.
The org twin keeps no verdicts of the Apex checker from one test to the next.
"""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from tests.distribution import is_worker, long_ones_first, schedule_units

os.environ["ORGTWIN_CACHE"] = "off"

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("explore", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("repeatable")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    return schedule_units(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if is_worker(config):
        long_ones_first(items)
