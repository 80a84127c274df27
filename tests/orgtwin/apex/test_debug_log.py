"""The debug log of small programs at each level, line by line without the times: cases/logs.

The first line of a case names the levels, then come classes and triggers, each before `---`, then anonymous Apex.
"""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from tests.orgtwin.apex.live_org import LiveOrg

from orgtwin.apex import debug_log
from orgtwin.apex.debug_log import Clock, DebugLog, Traced
from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.log_levels import EVENTS, NOT_WRITTEN, Levels, of_header, of_row

CASE_KIND = "logs"
_STAMP = re.compile(r"^\d\d:\d\d:\d\d\.\d+ \((\d+)\)\|", re.MULTILINE)
_TRIGGER = re.compile(r"\btrigger (\w+) on ")
_CLASS = re.compile(r"\bclass (\w+)")
_UNIT = ("execute_anonymous_apex",)


def levels_of(line: str) -> Levels:
    return Levels.of(dict(part.split("=") for part in line.removeprefix("levels: ").split()))


def org_of(*sources: str) -> LiveOrg:
    names = [(_TRIGGER.search(source) or _CLASS.search(source)) for source in sources]
    return LiveOrg(**{match[1]: source for match, source in zip(names, sources, strict=True) if match})


def log_of(org: LiveOrg, levels: Levels, source: str, traced: dict[str, Traced] | None = None) -> str:
    """The log of anonymous Apex, whatever ends it."""
    log = org.engine.open_log(levels, traced)
    org.engine.start_log()
    try:
        with log.unit(_UNIT, _UNIT):
            org.engine.run_anonymous(source)
    except ApexThrow:
        pass
    return org.engine.close_log()


def test_the_log_has_the_lines_that_its_levels_ask_for(case: tuple[str, str]) -> None:
    given, expected = case
    first, _, rest = given.partition("\n")
    *sources, anonymous = rest.split("\n---\n")
    text = log_of(org_of(*sources), levels_of(first), anonymous)
    assert _STAMP.sub("", text).strip("\n") == expected


def test_the_plain_form_of_the_code_is_back_when_the_log_is_closed() -> None:
    org = org_of("public class Once { public static Integer n = 0; public static Integer next() { return n += 1; } }")
    (method,) = org.engine.classes["once"].methods["next"]
    before = method.call
    told = log_of(org, Levels.of({"APEX_CODE": "FINEST"}), "Once.next();")
    traced = [line for line in told.splitlines() if "METHOD_ENTRY" in line]
    assert (len(traced), method.call is before, org.engine.tracing) == (2, True, None)
    again = log_of(org, Levels.of({"APEX_CODE": "FINEST"}), "Once.next();")
    assert _STAMP.sub("", again) == _STAMP.sub("", told)


CALLED = "public class Called { public static void go() { System.debug('called'); } }"
CALLER = "public class Caller { public static void go() { System.debug('caller'); Called.go(); } }"


def test_a_class_with_levels_of_its_own_gives_them_to_what_it_calls_and_takes_them_back() -> None:
    """Source: "Debug Log Filtering for Apex Classes and Apex Triggers" (Salesforce Help)."""
    org = org_of(CALLED, CALLER)
    own = {"caller": Traced("Caller", "01p000000000001", Levels.of({"APEX_CODE": "FINE", "SYSTEM": "INFO"}))}
    text = log_of(
        org, Levels.of({"APEX_CODE": "ERROR", "SYSTEM": "INFO"}), "System.debug('not told');\nCaller.go();", own
    )
    assert _STAMP.sub("", text).splitlines()[3:] == [
        "CODE_UNIT_STARTED|[EXTERNAL]|execute_anonymous_apex",
        "PUSH_TRACE_FLAGS|[1]|01p000000000001|Caller|APEX_CODE,FINE;SYSTEM,INFO",
        "METHOD_ENTRY|[1]||Caller.Caller()",
        "METHOD_EXIT|[1]|Caller",
        "POP_TRACE_FLAGS|[1]|01p000000000001|Caller|APEX_CODE,ERROR;SYSTEM,INFO",
        "PUSH_TRACE_FLAGS|[2]|01p000000000001|Caller|APEX_CODE,FINE;SYSTEM,INFO",
        "METHOD_ENTRY|[2]||Caller.go()",
        "USER_DEBUG|[1]|DEBUG|caller",
        "METHOD_ENTRY|[1]||Called.Called()",
        "METHOD_EXIT|[1]|Called",
        "METHOD_ENTRY|[1]||Called.go()",
        "USER_DEBUG|[1]|DEBUG|called",
        "METHOD_EXIT|[1]||Called.go()",
        "METHOD_EXIT|[2]||Caller.go()",
        "POP_TRACE_FLAGS|[2]|01p000000000001|Caller|APEX_CODE,ERROR;SYSTEM,INFO",
        "CODE_UNIT_FINISHED|execute_anonymous_apex",
        "EXECUTION_FINISHED",
    ]


def test_times_never_go_back() -> None:
    org = org_of("trigger T on Account (before insert) { for (Integer i = 0; i < 9000; i++) { } }")
    text = log_of(
        org, Levels.of({"APEX_CODE": "FINE"}), "for (Integer i = 0; i < 99; i++) { } insert new Account(Name='x');"
    )
    times = [int(time) for time in _STAMP.findall(text)]
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times[-1] > 1_000_000


def test_a_log_that_grows_too_large_loses_its_detailed_lines_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Source: "Debug Log Limits" (Apex Developer Guide); the texts are those of recorded logs."""
    monkeypatch.setattr(debug_log, "MOST_BYTES", 300)
    org = LiveOrg()
    log = DebugLog("66.0", Clock(org.engine.now, lambda: 0), Levels.of({"APEX_CODE": "FINEST"}))
    for n in range(12):
        log.event("STATEMENT_EXECUTE", f"[{n}]")
        log.message("[1]", "DEBUG", f"message {n}")
    lines = _STAMP.sub("", log.text()).splitlines()
    assert lines == [
        "66.0 APEX_CODE,FINEST",
        "*** Skipped 148 bytes of detailed log",
        *(f"USER_DEBUG|[1]|DEBUG|message {n}" for n in range(6)),
        "*********** MAXIMUM DEBUG LOG SIZE REACHED ***********",
    ]


# debugLevel, categories of a DebuggingHeader: the first line of the log
HEADERS = {
    "as sf apex run has it": ("DEBUGONLY", {}, "APEX_CODE,DEBUG;APEX_PROFILING,INFO"),
    "none": ("None", {}, ""),
    "categories go first": ("DETAIL", {"Db": "Info", "Apex_code": "FINE"}, "APEX_CODE,FINE;DB,INFO"),
    "all, and one otherwise": (
        None,
        {"All": "ERROR", "Workflow": "FINER"},
        "APEX_CODE,ERROR;APEX_PROFILING,ERROR;CALLOUT,ERROR;DATA_ACCESS,ERROR;DB,ERROR;NBA,ERROR;SYSTEM,ERROR;VALIDATION,ERROR;"
        "VISUALFORCE,ERROR;WAVE,ERROR;WORKFLOW,FINER",
    ),
}


@pytest.mark.parametrize(("debug_level", "categories", "shown"), HEADERS.values(), ids=HEADERS.keys())
def test_a_debugging_header_asks_for_levels(debug_level: str | None, categories: dict[str, str], shown: str) -> None:
    """Source: "Debugging Apex API Calls" (Apex Developer Guide)."""
    assert of_header(debug_level, categories).shown() == shown


def test_a_debug_level_that_fills_two_fields_has_the_default_in_the_others() -> None:
    assert of_row({"ApexCode": "FINEST", "Visualforce": "FINER", "Wave": None}).shown() == (
        "APEX_CODE,FINEST;APEX_PROFILING,INFO;CALLOUT,INFO;DATA_ACCESS,INFO;DB,INFO;NBA,INFO;SYSTEM,DEBUG;VALIDATION,INFO;"
        "VISUALFORCE,FINER;WAVE,INFO;WORKFLOW,INFO"
    )


@pytest.mark.parametrize(
    ("level", "told"),
    [
        ("NONE", []),
        ("ERROR", ["ERROR"]),
        ("INFO", ["ERROR", "WARN", "INFO"]),
        ("DEBUG", ["NONE", "ERROR", "WARN", "INFO", "DEBUG"]),
        ("FINEST", ["NONE", "ERROR", "WARN", "INFO", "DEBUG", "FINE", "FINER", "FINEST"]),
    ],
)
def test_system_debug_is_told_from_its_own_level_on(level: str, told: list[str]) -> None:
    """Source: USER_DEBUG in "Debug Log Levels" (Apex Developer Guide)."""
    levels = Levels.of({"APEX_CODE": level})
    names = ("NONE", "ERROR", "WARN", "INFO", "DEBUG", "FINE", "FINER", "FINEST")
    assert [name for name in names if levels.writes_debug(name)] == told


def test_no_event_is_both_written_and_said_not_to_be() -> None:
    left_out = {name.strip() for names in NOT_WRITTEN for name in names.split(",")}
    assert left_out.isdisjoint(EVENTS)
