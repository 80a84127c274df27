"""The limits beside those that a transaction counts: what happens at each and one beyond, and the page that lists them all.

Sources: "Execution Governors and Limits" (Apex Developer Guide), "Apex Cursors", "Apex Flex Queue".
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.orgtwin.apex.live_org import LiveOrg

from orgtwin.apex.callouts import CalloutFailed, Outgoing, call_out
from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.governors import PAGE, STATIC, render_page

TOP = Path(__file__).parents[3]
CLASSES = {
    "Deep": "public class Deep { public static Integer go(Integer n) { return n <= 1 ? 1 : go(n - 1); } }",
    "Small": """public class Small implements Database.Batchable<Object>, Schedulable {
        List<Object> scope = new List<Object>();
        public Small of(Integer count) { for (Integer i = 0; i < count; i++) { scope.add(i); } return this; }
        public Iterable<Object> start(Database.BatchableContext c) { return scope; }
        public void execute(Database.BatchableContext c, List<Object> rows) { System.debug(rows.size()); }
        public void execute(SchedulableContext c) { }
        public void finish(Database.BatchableContext c) { } }""",
}
PUSH = """Messaging.PushNotification p = new Messaging.PushNotification(); p.setPayload(new Map<String, Object>{{'alert' => 'x'}});
    Set<String> users = new Set<String>(); for (Integer i = 0; i < {0}; i++) {{ users.add('u' + i); }} p.send('App', users);"""
MAIL = """Messaging.SingleEmailMessage m = new Messaging.SingleEmailMessage(); m.ccAddresses = new List<String>();
    m.plainTextBody = 'x'; for (Integer i = 0; i < {0}; i++) {{ m.ccAddresses.add('a' + i + '@example.com'); }}
    Messaging.sendEmail(new List<Messaging.SingleEmailMessage>{{ m }});"""
QUERY = "Database.query('SELECT Id FROM Account WHERE Name = \\'' + 'x'.repeat({0} - 38) + '\\'');"
PROGRAMS = {
    "stack depth": ("Deep.go({0});", 998, 1000),
    "SOSL rows": ("Search.query('FIND {{xx}} RETURNING Account LIMIT {0}');", 2000, 2001),
    "push recipients": (PUSH, 2000, 2001),
    "rows a page": ("Database.getPaginationCursor('SELECT Id FROM Account').fetchPage(0, {0});", 2000, 2001),
    "regular expressions": ("Pattern.matches('a*', 'a'.repeat({0}));", 1_000_000, 1_000_001),
    "scheduled": (
        "for (Integer i = 0; i < {0}; i++) {{ System.schedule('' + i, '0 0 0 1 1 ? 2050', new Small()); }}",
        100,
        101,
    ),
    "flex queue": ("for (Integer i = 0; i < {0}; i++) {{ Database.executeBatch(new Small()); }}", 100, 101),
    "query text": (QUERY, 100_000, 100_001),
    "offset": ("Database.query('SELECT Id FROM Account OFFSET {0}');", 2000, 2001),
    "recipients": (MAIL, 25, 26),
}
"""A program with a number in it: with the first it runs, with the second it meets what the row tells."""
ELSEWHERE = {
    "trigger depth": "test_limits.py::test_a_trigger_that_fires_itself_stops_at_the_sixteenth_level",
    "callout time": "test_callouts.py::test_all_callouts_of_a_transaction_share_two_minutes",
    "callout size": "test_governors.py::test_a_callout_has_a_largest_body",
    "default callout time": "test_callouts.py::test_an_answer_that_does_not_come_in_time_is_given_up",
    "batch size": "test_governors.py::test_an_iterable_of_a_batch_comes_in_parts_of_any_size",
    "chain": "test_save_order.py::test_a_chain_of_queueable_jobs_has_five_links_as_in_a_developer_edition_org",
    "trigger rows": "test_save_order.py::test_more_than_200_deleted_rows_reach_the_triggers_in_chunks",
    "event rows": "test_change_events.py",
    "loop rows": "cases/programs/statements.apex",
    "source": "test_cli.py",
    "levels": "../soql/cases/refusals.txt",
}


@pytest.fixture(scope="module")
def org() -> LiveOrg:
    live = LiveOrg(**CLASSES)
    live.insert("Account", {"Name": "a"})
    return live


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_limit_lets_through_what_it_allows_and_tells_what_is_beyond(org: LiveOrg, name: str) -> None:
    program, inside, beyond = PROGRAMS[name]
    mark = org.engine.port.savepoint()
    assert org.engine.run_anonymous(program.format(inside), later=org.keep) == []
    org.engine.port.rollback(mark)
    with pytest.raises(ApexThrow) as thrown:
        org.engine.run_anonymous(program.format(beyond), later=org.keep)
    org.engine.port.rollback(mark)
    told = STATIC[name].told
    assert all(part in str(thrown.value) for part in told.split(" ... " if " ... " in told else "..."))


def test_a_callout_has_a_largest_body() -> None:
    with pytest.raises(CalloutFailed, match=r"^Exceeded max size limit of 10$"):
        call_out(Outgoing("POST", "http://127.0.0.1:1/", {}, b"x" * 11, 1000), 10)


def test_an_iterable_of_a_batch_comes_in_parts_of_any_size(org: LiveOrg) -> None:
    assert org.run("Database.executeBatch(new Small().of(2001), 5000);") == ["2001"]


def test_every_limit_that_is_enforced_is_shown() -> None:
    assert PROGRAMS.keys() | ELSEWHERE.keys() == {name for name, row in STATIC.items() if row.told}
    for place in ELSEWHERE.values():
        path, _, name = place.partition("::")
        assert f"def {name}(" in (Path(__file__).parent / path).read_text(encoding="utf-8") or not name, place


def test_the_page_of_limits_is_what_the_tables_render_to() -> None:
    assert (TOP / PAGE).read_text(encoding="utf-8") == render_page(), "run: python -m orgtwin.reference"
