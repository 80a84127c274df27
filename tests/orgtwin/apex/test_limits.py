"""Every governor limit: its numbers as Apex reads them, and the exception of what goes beyond, which nothing catches.

Source: "Execution Governors and Limits" (Apex Developer Guide).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.orgtwin.apex.live_org import LiveOrg

from orgtwin.apex.faults import ApexThrow, Uncatchable
from orgtwin.apex.limits import LIMITS, RESERVED, SAME_AS

CLASSES = {
    "Later": "public class Later implements Queueable { public void execute(QueueableContext c) {} }",
    "Soon": "public class Soon { @future public static void run() {} }",
    "Down": "public class Down { public static Integer go(Integer n) { return go(n + 1); } }",
    "Mock": """@IsTest public class Mock implements HttpCalloutMock {
        public HttpResponse respond(HttpRequest q) { HttpResponse r = new HttpResponse(); r.setStatusCode(200); return r; }
    }""",
}
CALLOUT = (
    "HttpRequest q = new HttpRequest(); q.setEndpoint('http://127.0.0.1/'); q.setMethod('GET'); new Http().send(q);"
)
MAIL = """Messaging.SingleEmailMessage m = new Messaging.SingleEmailMessage();
    m.toAddresses = new List<String>{'ada@example.com'}; m.plainTextBody = 'x';
    Messaging.sendEmail(new List<Messaging.SingleEmailMessage>{m});"""
PUSH = """Messaging.PushNotification p = new Messaging.PushNotification();
    p.setPayload(new Map<String, Object>{'alert' => 'x'}); p.send('App', new Set<String>{UserInfo.getUserId()});"""


CHILDREN = (
    "SELECT Id, (SELECT Id FROM Contacts), (SELECT Id FROM Opportunities), (SELECT Id FROM Cases),"
    " (SELECT Id FROM Contracts) FROM Account LIMIT 1"
)
EVENT = """<CustomObject><deploymentStatus>Deployed</deploymentStatus><eventType>HighVolume</eventType><label>Told</label>
<pluralLabel>Told</pluralLabel><publishBehavior>PublishImmediately</publishBehavior></CustomObject>"""
ROWS = 21
SCALED = {
    "QueryRows": 500,
    "QueryLocatorRows": 100,
    "DMLRows": 100,
    "ApexCursorRows": 1000,
    "ApexCursors": 60,
    "ApexPaginationCursorRows": 1000,
    "CpuTime": 500,
}
"""Limits that are reached with smaller numbers here; the true ones are in NUMBERS."""


def accounts(count: int) -> list[dict[str, object]]:
    return [{"Name": f"a{n}"} for n in range(count)]


def times(count: int, statement: str) -> str:
    return f"for (Integer i = 0; i < {count}; i++) {{ {statement} }}"


BEYOND: dict[str, tuple[str, str]] = {
    "Queries": (times(101, "Integer n = [SELECT COUNT() FROM Account];"), "Too many SOQL queries: 101"),
    "QueryRows": (times(24, "List<Account> a = [SELECT Id FROM Account];"), "Too many query rows: 501"),
    "QueryLocatorRows": (
        times(5, "Database.getQueryLocator('SELECT Id FROM Account');"),
        "Too many query locator rows: 101",
    ),
    "AggregateQueries": (times(76, f"List<Account> a = [{CHILDREN}];"), "Too many aggregate queries: 301"),
    "SoslQueries": (times(21, "Search.query('FIND {xx} RETURNING Account');"), "Too many SOSL queries: 21"),
    "DMLStatements": (times(151, "Database.setSavepoint();"), "Too many DML statements: 151"),
    "DMLRows": (
        f"List<Account> a = [SELECT Id FROM Account]; {times(5, 'Database.emptyRecycleBin(a);')}",
        f"Too many DML rows: {5 * ROWS}",
    ),
    "PublishImmediateDML": (times(151, "EventBus.publish(new Told__e());"), "Too many DML statements: 151"),
    "Callouts": (times(101, CALLOUT), "Too many callouts: 101"),
    "FutureCalls": (times(51, "Soon.run();"), "Too many future calls: 51"),
    "QueueableJobs": (times(51, "System.enqueueJob(new Later());"), "Too many queueable jobs added to the queue: 51"),
    "EmailInvocations": (times(11, MAIL), "Too many Email Invocations: 11"),
    "MobilePushApexCalls": (times(11, PUSH), "Too many mobile push Apex calls: 11"),
    "CpuTime": ("while (true) { }", "Apex CPU time limit exceeded"),
    "HeapSize": (
        "List<Blob> b = new List<Blob>(); while (true) { b.add(Blob.valueOf('x'.repeat(1000000))); }",
        "Apex heap size too large: 6000064",
    ),
    "ApexCursorRows": (
        times(48, "Database.getCursor('SELECT Id FROM Account');"),
        f"Too many Apex cursor rows: {48 * ROWS}",
    ),
    "ApexCursors": (
        times(61, "Database.getCursor('SELECT Id FROM Account LIMIT 1');"),
        "Too many Apex cursors: 61",
    ),
    "ApexPaginationCursors": (
        times(51, "Database.getPaginationCursor('SELECT Id FROM Account LIMIT 1');"),
        "Too many Apex pagination cursors: 51",
    ),
    "ApexPaginationCursorRows": (
        times(48, "Database.getPaginationCursor('SELECT Id FROM Account');"),
        f"Too many Apex pagination cursor rows: {48 * ROWS}",
    ),
}
ASYNCHRONOUS: dict[str, tuple[str, str]] = {
    "Queries": (times(201, "Integer n = [SELECT COUNT() FROM Account];"), "Too many SOQL queries: 201"),
    "QueueableJobs": (times(2, "System.enqueueJob(new Later());"), "Too many queueable jobs added to the queue: 2"),
    "FutureCalls": (times(51, "Soon.run();"), "Too many future calls: 51"),
    "HeapSize": (
        "List<Blob> b = new List<Blob>(); while (true) { b.add(Blob.valueOf('x'.repeat(3000000))); }",
        "Apex heap size too large: 12000048",
    ),
    "FetchCallsOnApexCursor": (
        f"Database.Cursor some = Database.getCursor('SELECT Id FROM Account'); {times(11, 'some.fetch(0, 1);')}",
        "Too many fetch calls on Apex cursor: 11",
    ),
}


@pytest.fixture
def _scaled(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, limit in SCALED.items():
        monkeypatch.setitem(LIMITS, name, replace(LIMITS[name], synchronous=limit))


@pytest.fixture(scope="module")
def org() -> LiveOrg:
    live = LiveOrg(**CLASSES)
    live.deploy({"objects/Told__e.object": EVENT})
    made = live.insert("Account", *accounts(ROWS))
    assert all(result.success for result in made)
    return live


def ended_by(org: LiveOrg, run: Callable[[], object]) -> tuple[str, list[str]]:
    """The exception that ended it, and what its catch and finally blocks wrote."""
    org.debug_log()
    with pytest.raises(ApexThrow) as thrown:
        run()
    assert isinstance(thrown.value, Uncatchable)
    return str(thrown.value), org.debug_log()


def guarded(program: str) -> str:
    return (
        f"try {{ {program} }} catch (Exception e) {{ System.debug('caught'); }} finally {{ System.debug('finally'); }}"
    )


@pytest.mark.usefixtures("_scaled")
@pytest.mark.parametrize("name", [name for name in BEYOND if name != "Callouts"])
def test_beyond_a_limit_the_transaction_ends_and_no_apex_catches_it(org: LiveOrg, name: str) -> None:
    program, text = BEYOND[name]
    ended = ended_by(org, lambda: org.engine.run_anonymous(guarded(program)))
    assert ended == (f"System.LimitException: {text}", [])


@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_asynchronous_apex_has_limits_of_its_own(name: str) -> None:
    program, text = ASYNCHRONOUS[name]
    job = (
        f"public class Job implements Queueable {{ public void execute(QueueableContext c) {{ {guarded(program)} }} }}"
    )
    org = LiveOrg(Job=job, **CLASSES)
    ended = ended_by(org, lambda: org.engine.run_anonymous("System.enqueueJob(new Job());"))
    assert ended == (f"System.LimitException: {text}", [])
    assert org.values("AsyncApexJob", "ExtendedStatus")[0] == f"LimitException: {text}"


def test_callouts_are_counted_though_a_mock_answers() -> None:
    body = f"Test.setMock(HttpCalloutMock.class, new Mock()); {guarded(BEYOND['Callouts'][0])}"
    org = LiveOrg(C=f"@IsTest class C {{ @IsTest static void t() {{ {body} }} }}", **CLASSES)
    assert [o.message for o in org.run_tests()] == ["System.LimitException: Too many callouts: 101"]
    assert org.debug_log() == []


def test_every_limit_has_its_case() -> None:
    assert BEYOND.keys() | ASYNCHRONOUS.keys() == LIMITS.keys()


NUMBERS = {
    "synchronous": "100 50000 10000 300 20 150 10000 150 100 50 50 10 10 10000 6000000 50000000 10000 10 50 100000",
    "queueable": "200 50000 10000 300 20 150 10000 150 100 50 1 10 10 60000 12000000 50000000 10000 10 50 100000",
    "batch": "200 50000 10000 300 20 150 10000 150 100 0 1 10 10 60000 12000000 50000000 10000 10 50 100000",
    "future": "200 50000 10000 300 20 150 10000 150 100 0 1 10 10 60000 12000000 50000000 10000 10 50 100000",
    "schedulable": "100 50000 10000 300 20 150 10000 150 100 50 50 10 10 10000 6000000 50000000 10000 10 50 100000",
    "bulk": "200 50000 10000 300 20 150 10000 150 100 50 50 10 10 60000 12000000 50000000 10000 10 50 100000",
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_apex_reads_its_limits(org: LiveOrg, kind: str) -> None:
    asked = " + ' ' + ".join(f"Limits.getLimit{name}()" for name in LIMITS)
    source = f"public class Asks {{ public static String all() {{ return {asked}; }} }}"
    assert org.engine.load({"Asks": source}) == []
    with org.engine.new_transaction(asynchronous=kind not in ("synchronous", "bulk"), kind=kind):
        cls = org.engine.find_class("Asks")
        assert cls is not None
        assert cls.find_methods("all")[0].call() == NUMBERS[kind]


@pytest.mark.parametrize(("is_bulk", "errors"), [(True, 0), (False, 1)])
def test_triggers_of_bulk_jobs_have_the_higher_of_both_limits(is_bulk: bool, errors: int) -> None:
    many = times(150, "Integer n = [SELECT COUNT() FROM Account];")
    org = LiveOrg(Asks=f"trigger Asks on Contact (before insert) {{ {many} }}")
    (result,) = org.org.dml.insert(replace(org.caller, is_bulk=is_bulk), "Contact", [{"LastName": "Ada"}])
    assert len(result.errors) == errors


def test_deprecated_methods_tell_what_counts_now(org: LiveOrg) -> None:
    shown = org.run(
        "Savepoint s = Database.setSavepoint(); Database.rollback(s); insert new Account(Name = 'x');"
        " Search.query('FIND {xx} RETURNING Account');"
        + "".join(f" System.debug(Limits.get{n}() + ' of ' + Limits.getLimit{n}());" for n in (*SAME_AS, *RESERVED))
    )
    assert shown == ["1 of 20", "3 of 150", "3 of 150", "3 of 150", *["0 of 0"] * len(RESERVED)]


WHAT_COUNTS = {
    "a query with two of children": (
        "List<Account> a = [SELECT Id, (SELECT Id FROM Contacts), (SELECT Id FROM Cases) FROM Account LIMIT 3];",
        {"Queries": 1, "AggregateQueries": 2, "QueryRows": 3},
    ),
    "a semi-join is one query": (
        "List<Account> a = [SELECT Id FROM Account WHERE Id IN (SELECT AccountId FROM Contact)];",
        {"Queries": 1},
    ),
    "COUNT() is one row": ("Integer n = [SELECT COUNT() FROM Account];", {"Queries": 1, "QueryRows": 1}),
    "a query locator": (
        "Database.getQueryLocator('SELECT Id FROM Account LIMIT 7');",
        {"Queries": 1, "QueryLocatorRows": 7},
    ),
    "a list of records is one statement": (
        "insert new List<Account>{new Account(Name = 'a'), new Account(Name = 'b')};",
        {"DMLStatements": 1, "DMLRows": 2},
    ),
    "an empty list is nothing": ("insert new List<Account>();", {}),
    "an event that goes out at once": ("EventBus.publish(new Told__e());", {"PublishImmediateDML": 1}),
    "a fetch is a query": (
        "Database.Cursor c = Database.getCursor('SELECT Id FROM Account LIMIT 9'); c.fetch(2, 3);",
        {"Queries": 1, "QueryRows": 3, "ApexCursors": 1, "ApexCursorRows": 9, "FetchCallsOnApexCursor": 1},
    ),
    "a page is a query": (
        "Database.PaginationCursor c = Database.getPaginationCursor('SELECT Id FROM Account LIMIT 9'); c.fetchPage(2, 3);",
        {
            "Queries": 1,
            "QueryRows": 3,
            "ApexPaginationCursors": 1,
            "ApexPaginationCursorRows": 9,
            "FetchCallsOnApexCursor": 1,
        },
    ),
}  # fmt: skip


@pytest.mark.parametrize(("program", "used"), WHAT_COUNTS.values(), ids=WHAT_COUNTS.keys())
def test_what_counts_against_which_limit(org: LiveOrg, program: str, used: dict[str, int]) -> None:
    names = [name for name in LIMITS if name not in ("CpuTime", "HeapSize")]
    mark = org.engine.port.savepoint()
    shown = org.run(program + "".join(f" System.debug('{name} ' + Limits.get{name}());" for name in names))
    org.engine.port.rollback(mark)
    assert shown == [f"{name} {used.get(name, 0)}" for name in names]


def test_system_run_as_counts_as_a_dml_statement() -> None:
    body = (
        "User u = [SELECT Id FROM User LIMIT 1]; System.runAs(u) { } System.assertEquals(1, Limits.getDmlStatements());"
    )
    org = LiveOrg(C=f"@IsTest class C {{ @IsTest static void t() {{ {body} }} }}")
    assert [o.outcome for o in org.run_tests()] == ["Pass"]


@pytest.mark.usefixtures("_scaled")
def test_the_start_of_a_batch_reads_more_rows_than_a_locator_may_elsewhere() -> None:
    batch = """public class Big implements Database.Batchable<SObject> {
        public Database.QueryLocator start(Database.BatchableContext c) {
            return Database.getQueryLocator('SELECT Id FROM Account');
        }
        public void execute(Database.BatchableContext c, List<Account> rows) { }
        public void finish(Database.BatchableContext c) { }
    }"""
    org = LiveOrg(Big=batch)
    org.insert("Account", *accounts(101))
    org.run("Database.executeBatch(new Big(), 20);")
    assert org.values("AsyncApexJob", "TotalJobItems") == [6, 0]  # the job, and what works for it


def test_a_trigger_beyond_a_limit_refuses_the_rows_by_its_name() -> None:
    org = LiveOrg(Greedy=f"trigger Greedy on Contact (before insert) {{ {guarded(BEYOND['Queries'][0])} }}")
    (result,) = org.insert("Contact", {"LastName": "Ada"})
    assert [(e.status_code, e.message) for e in result.errors] == [
        ("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "Greedy: System.LimitException: Too many SOQL queries: 101")
    ]
    assert org.values("Contact", "LastName") == []


def test_a_trigger_that_fires_itself_stops_at_the_sixteenth_level() -> None:
    org = LiveOrg(
        Again="""trigger Again on Account (after insert) {
            System.debug('level'); insert new Account(Name = 'next');
        }"""
    )
    (result,) = org.insert("Account", {"Name": "first"})
    opening, *circle, end = result.errors[0].message.split("\nAccount trigger event AfterInsert for ")
    assert opening == (
        "Again: execution of AfterInsert\n\ncaused by: System.DmlException: Insert failed. First exception on row 0; first error:"
        " CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY, Again: maximum trigger depth exceeded"
    )
    assert (len(circle), end[20:]) == (15, ": []\n\nTrigger.Again: line 2, column 1")
    assert org.debug_log() == ["level"] * 16
    assert org.values("Account", "Name") == []


def test_what_writes_into_the_circle_of_triggers_may_catch_its_end() -> None:
    org = LiveOrg(
        Again="""trigger Again on Account (after update) {
            update new Account(Id = Trigger.new[0].Id, Name = Trigger.new[0].Name + 'x');
        }"""
    )
    shown = org.run(
        """Account a = new Account(Name = 'a'); insert a;
        try { update a; } catch (DmlException e) { System.debug(e.getDmlType(0) + ' ' + e.getDmlMessage(0).left(37)); }
        System.debug([SELECT Name FROM Account].Name);"""
    )
    assert shown == ["CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY Again: maximum trigger depth exceeded", "a"]


def test_code_that_calls_itself_stops_at_the_thousandth_frame(org: LiveOrg) -> None:
    ended = ended_by(org, lambda: org.engine.run_anonymous(guarded("Down.go(0);")))
    assert ended == ("System.LimitException: Maximum stack depth reached: 1001", [])


def test_what_a_limit_ends_is_taken_back(org: LiveOrg) -> None:
    before = len(org.org.table("Account"))
    with pytest.raises(Uncatchable), org.org.transaction():
        org.engine.run_anonymous("insert new Account(Name = 'lost'); while (true) { }")
    assert len(org.org.table("Account")) == before
    assert org.run("insert new Account(Name = 'kept');") == []
    assert len(org.org.table("Account")) == before + 1
