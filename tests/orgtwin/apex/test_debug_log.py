"""The debug log of small programs at each level, line by line without the times: cases/logs.

The first line of a case names the levels, then come classes and triggers, each before `---`, then anonymous Apex.
"""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest
from tests.orgtwin.apex.live_org import LiveOrg
from tests.orgtwin.apex.test_find_duplicates import MATCHING, RULE
from tests.orgtwin.workflow.conftest import RuledOrg, field_update, item, rule

from orgtwin.apex import debug_log
from orgtwin.apex.debug_log import Clock, DebugLog, Traced
from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.log_levels import EVENTS, NOT_WRITTEN, Levels, of_header, of_row
from orgtwin.apex.log_reference import log_page
from orgtwin.flows.service import FlowService
from orgtwin.metadata.duplicate_rules import duplicate_check
from orgtwin.metadata.service import MetadataService

CASE_KIND = "logs"
_STAMP = re.compile(r"^\d\d:\d\d:\d\d\.\d+ \((\d+)\)\|", re.MULTILINE)
_ID = re.compile(r"\b0\w{2}TW\w{10}\b")
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


RULED = """<CustomObject><validationRules><fullName>Few</fullName>
<active>true</active><errorConditionFormula>NumberOfEmployees &gt; 10</errorConditionFormula>
<errorMessage>Too many</errorMessage></validationRules></CustomObject>"""
FLOW = """<Flow><apiVersion>66.0</apiVersion>
<decisions><name>Big</name><label>Big</label><locationX>0</locationX><locationY>0</locationY>
<defaultConnectorLabel>No</defaultConnectorLabel><rules><name>Is_Big</name><conditionLogic>and</conditionLogic><conditions>
<leftValueReference>$Record.NumberOfEmployees</leftValueReference><operator>GreaterThan</operator>
<rightValue><numberValue>5</numberValue></rightValue></conditions>
<connector><targetReference>Rate</targetReference></connector><label>Yes</label></rules></decisions><label>Rates Accounts</label>
<processType>AutoLaunchedFlow</processType><assignments><name>Rate</name><label>Rate</label><locationX>0</locationX>
<locationY>0</locationY><assignmentItems><assignToReference>$Record.Rating</assignToReference><operator>Assign</operator>
<value><stringValue>Hot</stringValue></value></assignmentItems></assignments>
<start><locationX>0</locationX><locationY>0</locationY><connector><targetReference>Big</targetReference></connector>
<object>Account</object><recordTriggerType>Create</recordTriggerType><triggerType>RecordBeforeSave</triggerType></start>
<status>Active</status></Flow>"""


def test_rules_and_flows_of_a_save_are_told() -> None:
    """Source: "Debug Log Levels" (Apex Developer Guide), VALIDATION_RULE and what follows it, FLOW_START_INTERVIEW_BEGIN ..."""
    org = LiveOrg()
    FlowService(org.org, lambda: MetadataService(org.org).components)
    org.deploy({"objects/Account.object": RULED, "flows/Rates.flow": FLOW})
    levels = Levels.of({"APEX_CODE": "ERROR", "VALIDATION": "INFO", "WORKFLOW": "FINER"})
    source = "insert new Account(Name = 'x', NumberOfEmployees = 7);\ninsert new Account(Name = 'y', NumberOfEmployees = 70);"
    told = _ID.sub("ID", _STAMP.sub("", log_of(org, levels, source))).splitlines()
    begin = told.index("CODE_UNIT_STARTED|[EXTERNAL]|Flow:Account")
    assert told[begin : begin + 19] == [
        "CODE_UNIT_STARTED|[EXTERNAL]|Flow:Account",
        "FLOW_CREATE_INTERVIEW_END|Rates-1|Rates Accounts",
        "FLOW_START_INTERVIEWS_BEGIN|1",
        "FLOW_START_INTERVIEW_BEGIN|Rates-1|Rates Accounts",
        "FLOW_ELEMENT_BEGIN|Rates-1|FlowDecision|Big",
        "FLOW_RULE_DETAIL|Rates-1|Is_Big|true",
        "FLOW_VALUE_ASSIGNMENT|Rates-1|Is_Big|true",
        "FLOW_ELEMENT_END|Rates-1|FlowDecision|Big",
        "FLOW_ELEMENT_BEGIN|Rates-1|FlowAssignment|Rate",
        "FLOW_ASSIGNMENT_DETAIL|Rates-1|$Record.Rating|ASSIGN|Hot",
        "FLOW_VALUE_ASSIGNMENT|Rates-1|$Record.Rating|Hot",
        "FLOW_ELEMENT_END|Rates-1|FlowAssignment|Rate",
        "FLOW_START_INTERVIEW_END|Rates-1|Rates Accounts",
        "FLOW_START_INTERVIEWS_END|1",
        "CODE_UNIT_FINISHED|Flow:Account",
        "CODE_UNIT_STARTED|[EXTERNAL]|Validation:Account:new",
        "VALIDATION_RULE|ID|Few",
        "VALIDATION_FORMULA|NumberOfEmployees > 10|NumberOfEmployees=7",
        "VALIDATION_PASS",
    ]
    assert told[-10:] == [
        "CODE_UNIT_STARTED|[EXTERNAL]|Validation:Account:new",
        "VALIDATION_RULE|ID|Few",
        "VALIDATION_FORMULA|NumberOfEmployees > 10|NumberOfEmployees=70",
        "VALIDATION_FAIL",
        "CODE_UNIT_FINISHED|Validation:Account:new",
        "FATAL_ERROR|System.DmlException: Insert failed. First exception on row 0; first error: FIELD_CUSTOM_VALIDATION_EXCEPTION,"
        " Too many: []",
        "",
        "AnonymousBlock: line 2, column 1",
        "CODE_UNIT_FINISHED|execute_anonymous_apex",
        "EXECUTION_FINISHED",
    ]


def test_workflow_rules_of_a_save_are_told() -> None:
    """Source: "Debug Log Levels" (Apex Developer Guide), WF_RULE_EVAL_BEGIN ...; the fields are those of recorded logs."""
    org = RuledOrg()
    update = field_update("Hot", "Rating", "<literalValue>Hot</literalValue>", operation="Literal")
    org.rules("Account", update, rule("Big", item("Account.NumberOfEmployees", "greaterThan", "10"), "FieldUpdate:Hot"))
    levels = Levels.of({"APEX_CODE": "NONE", "WORKFLOW": "INFO"})
    source = "insert new Account(Name = 'x', NumberOfEmployees = 70);\ninsert new Account(Name = 'y');"
    told = [_ID.sub("ID", line) for line in _STAMP.sub("", log_of(org, levels, source)).splitlines()[1:]]
    assert told == [
        "WF_RULE_EVAL_BEGIN|Workflow",
        "WF_CRITERIA_BEGIN|[Account: x ID]|Big|ID|ON_ALL_CHANGES|0",
        "WF_CRITERIA_END|true",
        "WF_RULE_EVAL_END",
        "WF_FIELD_UPDATE|[Account: x ID]|Field:Account: Account Rating|Value:Hot|Id=ID|CurrentRule:Big (Id=ID)",
        "WF_ACTIONS_END| Field Update: 1;",
        "WF_RULE_EVAL_BEGIN|Workflow",
        "WF_CRITERIA_BEGIN|[Account: y ID]|Big|ID|ON_ALL_CHANGES|0",
        "WF_CRITERIA_END|false",
        "WF_RULE_EVAL_END",
    ]


def test_a_duplicate_rule_is_told_with_what_it_found() -> None:
    """The lines are those of recorded logs."""
    org = LiveOrg()
    duplicate_check(org.org).join(org.org.hooks)
    rule = RULE.replace("Report", "Alert")
    org.deploy({"matchingRules/Contact.matchingRule": MATCHING, "duplicateRules/Contact.One_Mail.duplicateRule": rule})
    one = "new Contact(LastName = 'Ada', Email = 'a@x.example')"
    source = f"insert {one};\nDatabase.insert({one}, false);"
    told = _STAMP.sub("", log_of(org, Levels.of({"SYSTEM": "INFO"}), source)).splitlines()
    assert told[1:] == [
        "DUPLICATE_DETECTION_BEGIN",
        "DUPLICATE_DETECTION_RULE_INVOCATION|DuplicateRuleId:|DuplicateRuleName:One_Mail|DmlType:INSERT",
        "DUPLICATE_DETECTION_MATCH_INVOCATION_SUMMARY|EntityType:Contact|NumRecordsToBeSaved:1"
        "|NumRecordsToBeSavedWithDuplicates:0|NumDuplicateRecordsFound:0",
        "DUPLICATE_DETECTION_END",
        "DUPLICATE_DETECTION_BEGIN",
        "DUPLICATE_DETECTION_RULE_INVOCATION|DuplicateRuleId:|DuplicateRuleName:One_Mail|DmlType:INSERT",
        "DUPLICATE_DETECTION_MATCH_INVOCATION_SUMMARY|EntityType:Contact|NumRecordsToBeSaved:1"
        "|NumRecordsToBeSavedWithDuplicates:1|NumDuplicateRecordsFound:1",
        "DUPLICATE_DETECTION_END",
    ]


def test_the_reference_page_lists_what_is_written_and_what_is_not() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "debug-log.md"
    assert page.read_text(encoding="utf-8") == log_page(), (
        "python -m orgtwin.apex.log_reference > docs/reference/debug-log.md"
    )


TESTED = """@IsTest class TestedTest {
  @IsTest static void fails() {
    Test.startTest();
    insert new Account(Name = 'x');
    Test.stopTest();
    System.assertEquals(1, 2);
  }
  @IsTest static void passes() { System.debug('not kept'); }
}"""


def test_the_log_of_a_test_that_fails_has_the_limits_between_start_and_stop() -> None:
    """Source: TESTING_LIMITS in "Debug Log Levels" (Apex Developer Guide)."""
    org = org_of(TESTED)
    org.engine.test_levels = Levels.of({"APEX_CODE": "DEBUG", "APEX_PROFILING": "INFO"})
    failed, passed = org.run_tests()
    told = _STAMP.sub("", failed.log).splitlines()
    assert (told[0], passed.log) == ("66.0 APEX_CODE,DEBUG;APEX_PROFILING,INFO", "")
    fatal = "System.AssertException: Assertion Failed: Expected: 1, Actual: 2"
    assert [line for line in told if not line.startswith(("  ", "USER_INFO"))][1:] == [
        "EXECUTION_STARTED",
        "CODE_UNIT_STARTED|[EXTERNAL]|TestedTest.fails()",
        f"EXCEPTION_THROWN|[6]|{fatal}",
        f"FATAL_ERROR|{fatal}",
        "",
        "Class.TestedTest.fails: line 6, column 1",
        "CUMULATIVE_LIMIT_USAGE",
        "LIMIT_USAGE_FOR_NS|(default)|",
        "",
        "TESTING_LIMITS",
        "LIMIT_USAGE_FOR_NS|(default)|",
        "",
        "CUMULATIVE_LIMIT_USAGE_END",
        "",
        "CODE_UNIT_FINISHED|TestedTest.fails()",
        "EXECUTION_FINISHED",
    ]
    uses = [line for line in told if line.startswith("  Number of DML statements")]
    assert uses == ["  Number of DML statements: 0 out of 150", "  Number of DML statements: 1 out of 150"]
