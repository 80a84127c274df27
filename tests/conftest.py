"""What every test shares: how random examples are drawn.

`make test` draws the same examples each time, so that a red run can be repeated; `pytest --hypothesis-profile=explore` searches on.
The org twin keeps no verdicts of the Apex checker from one test to the next.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

os.environ["ORGTWIN_CACHE"] = "off"

settings.register_profile(
    "repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("explore", max_examples=1000, deadline=None, print_blob=True)
settings.load_profile("repeatable")
