"""What Apex asks of the platform around it, on a real org in memory: every program of cases/platform prints what it says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.orgtwin.apex.live_org import NOON, LiveOrg

from orgtwin.apex.faults import ApexThrow

CASE_KIND = "platform"


def test_a_program_in_a_real_org_prints_what_the_documentation_says(case: tuple[str, str]) -> None:
    given, expected = case
    *classes, anonymous = given.split("\n---\n")
    org = LiveOrg()
    org.load(**{f"source{n}": source for n, source in enumerate(classes)})
    assert org.engine.run_anonymous(anonymous, org.keep) == []
    assert "\n".join(org.debug_log()) == expected


STORE = "Cache.Org.put('k', 1, 300); Cache.Org.put('l', 2); Cache.Session.put('s', 3);"
SHOW = "System.debug(Cache.Org.getKeys() + '' + Cache.Session.getKeys());"


def test_what_is_cached_lives_as_long_as_it_says_and_goes_with_a_request_that_fails() -> None:
    """Source: "Platform Cache Internals", "Platform Cache Limits" (Apex Developer Guide)."""
    live = LiveOrg()
    live.run(STORE)
    with pytest.raises(ApexThrow):
        live.run("Cache.Org.put('m', 4); Cache.Org.remove('l'); Cache.Session.put('t', 5); Integer n = 1 / 0;")
    assert live.run(SHOW) == ["{k, l}{s}"]
    live.org.clock = lambda: NOON + timedelta(hours=9)
    assert live.run(SHOW) == ["{l}{}"]
