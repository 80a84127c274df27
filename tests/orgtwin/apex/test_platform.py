"""What Apex asks of the platform around it, on a real org in memory: every program of cases/platform prints what it says."""

from __future__ import annotations

from tests.orgtwin.apex.live_org import LiveOrg

CASE_KIND = "platform"


def test_a_program_in_a_real_org_prints_what_the_documentation_says(case: tuple[str, str]) -> None:
    given, expected = case
    *classes, anonymous = given.split("\n---\n")
    org = LiveOrg()
    org.load(**{f"source{n}": source for n, source in enumerate(classes)})
    assert org.engine.run_anonymous(anonymous, org.keep) == []
    assert "\n".join(org.debug_log()) == expected
