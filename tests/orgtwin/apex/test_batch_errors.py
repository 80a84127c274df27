"""BatchApexErrorEvent, which a batch raises whose class implements Database.RaisesPlatformEvents."""

from __future__ import annotations

from tests.orgtwin.apex.live_org import LiveOrg

BATCH = """public class Lists implements Database.Batchable<List<Account>>, Database.RaisesPlatformEvents {
    public Iterable<List<Account>> start(Database.BatchableContext told) {
        return new List<List<Account>>{ new List<Account>{ new Account(Name = 'a') } };
    }
    public void execute(Database.BatchableContext told, List<List<Account>> chunk) { throw new TypeException('no'); }
    public void finish(Database.BatchableContext told) { }
}"""
TESTS = """@IsTest class ListsTest {
    @IsTest static void fails() {
        Test.startTest();
        Database.executeBatch(new Lists());
        try { Test.stopTest(); Assert.fail(); } catch (TypeException e) { System.assertEquals('no', e.getMessage()); }
    }
}"""


def test_a_batch_of_lists_that_fails_raises_its_event_without_ids() -> None:
    assert [(o.method_name, o.message) for o in LiveOrg(Lists=BATCH, ListsTest=TESTS).run_tests()] == [("fails", "")]
