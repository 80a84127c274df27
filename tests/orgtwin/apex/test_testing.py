"""What a run of tests tells when something else than a test goes wrong."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from tests.orgtwin.apex.live_org import LiveOrg
from tests.orgtwin.apex.small_org import SmallOrg

from orgtwin.apex.engine import Engine
from orgtwin.apex.testing import run_tests
from orgtwin.errors import SaveResult

TESTS = """@IsTest class Two {
    @IsTest static void first() { insert new Account(Name = 'a'); System.assertEquals(1, [SELECT COUNT() FROM Account]); }
    @IsTest static void second() { System.assertEquals(0, [SELECT COUNT() FROM Account]); }
}"""


class BrokenOrg(SmallOrg):
    """An org whose first insert meets a bug."""

    def insert(
        self, sobject_type: str, rows: Sequence[Mapping[str, object]], *, all_or_none: bool, user_mode: bool
    ) -> list[SaveResult]:
        raise ZeroDivisionError("no such row")


def test_an_error_of_the_twin_is_the_failure_of_one_test_and_the_run_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine(BrokenOrg())
    assert engine.load({"Two": TESTS}) == []
    with caplog.at_level(logging.ERROR):
        run = run_tests(engine)
    assert [(o.method_name, o.outcome, o.message) for o in run.outcomes] == [
        (
            "first",
            "Fail",
            "Internal error of the org twin, not of this test: ZeroDivisionError: no such row."
            " Please report it with the traceback from the log.",
        ),
        ("second", "Pass", ""),
    ]
    assert [record.message for record in caplog.records] == ["Two.first met an error of the twin"]
    assert engine.stack == []


def test_a_method_without_a_body_does_not_compile_when_it_is_called() -> None:
    engine = Engine(SmallOrg())
    source = """@IsTest class T implements T.Named {
        interface Named { String name(); }
        @IsTest static void asks() { Named n = new T(); n.name(); }
    }"""
    assert [p.message for p in engine.load({"T": source})] == [
        "Class T must implement the method: String T.Named.name()"
    ]
    assert [(o.outcome, o.message) for o in run_tests(engine).outcomes] == [
        ("CompileFail", "a method without a body was called: its class does not compile")
    ]


SHARED = """@IsTest class Shared implements Queueable {
    static Integer runs = 1;
    public void execute(QueueableContext context) { runs += 10; }
    @future static void later() { runs += 100; }
    @IsTest static void jobsChangeWhatTheTestReads() {
        Test.startTest(); System.enqueueJob(new Shared()); later(); Test.stopTest();
        Assert.areEqual(111, runs);
    }
    @IsTest static void theNextTestBeginsAnew() { Assert.areEqual(1, runs); }
}"""


def test_the_jobs_of_a_test_share_its_static_fields() -> None:
    engine = Engine(SmallOrg())
    assert engine.load({"Shared": SHARED}) == []
    assert [(o.outcome, o.message) for o in run_tests(engine).outcomes] == [("Pass", ""), ("Pass", "")]


VERSIONED = """@IsTest class Versioned {
    @IsTest static void runsAsAVersion() {
        Id before = UserInfo.getUserId();
        System.runAs(new Version(1, 2)) { Assert.areEqual(before, UserInfo.getUserId()); }
    }
}"""


def test_code_that_runs_as_a_version_of_a_package_runs_as_the_same_user() -> None:
    """Source: "runAs(version)" (System Class)."""
    engine = Engine(SmallOrg())
    assert engine.load({"Versioned": VERSIONED}) == []
    assert [(o.outcome, o.message) for o in run_tests(engine).outcomes] == [("Pass", "")]


SILENT = """@IsTest class Silent {
    class MuteException extends Exception { public override String getMessage() { return null; } }
    @IsTest static void saysNothing() { throw new MuteException('said'); }
    @IsTest static void wasGivenNothing() { throw new IllegalArgumentException(); }
}"""


def test_an_exception_without_a_message_fails_a_test_in_words_of_apex() -> None:
    """ASSUMED for a getMessage that returns null."""
    engine = Engine(SmallOrg())
    assert engine.load({"Silent": SILENT}) == []
    assert [o.message for o in run_tests(engine).outcomes] == [
        "Silent.MuteException: null",
        "System.IllegalArgumentException: Script-thrown exception",
    ]


def test_tests_see_no_data_of_the_org_but_what_manages_it_unless_they_ask_for_all() -> None:
    silo = """@IsTest private class SiloTest {
        @TestSetup static void make() { insert new Account(Name = 'made'); }
        @IsTest static void sees_its_own() { System.assertEquals('made', [SELECT Name FROM Account].Name); }
        @IsTest static void sees_users() { System.assertNotEquals(0, [SELECT COUNT() FROM User]); }
        @IsTest static void finds_nothing_deleted() {
            System.assertEquals(0, [SELECT COUNT() FROM Account WHERE Name = 'gone' ALL ROWS]); }
    }"""
    one = """@IsTest private class OneTest {
        @IsTest(SeeAllData=true) static void sees_all() { System.assertEquals(1, [SELECT COUNT() FROM Account]); }
        @IsTest static void sees_none() { System.assertEquals(0, [SELECT COUNT() FROM Account]); }
    }"""
    every = """@IsTest(SeeAllData=true) private class AllTest {
        @IsTest(SeeAllData=false) static void sees_all() {
            update new Account(Id = [SELECT Id FROM Account].Id, Name = 'other'); }
    }"""
    live = LiveOrg(SiloTest=silo, OneTest=one, AllTest=every)
    kept, gone = live.insert("Account", {"Name": "kept"}, {"Name": "gone"})
    live.delete(gone.record_id)
    assert [(o.method_name, o.message) for o in live.run_tests() if o.outcome != "Pass"] == []
    assert live.values("Account", "Name") == ["kept"]
    assert live.undelete(gone.record_id)[0].success
    assert [row[0] for row in live.org.table("Account").find("Id", kept.record_id)] == [kept.record_id]


FEATURES = """@IsTest class Features {
    @IsTest static void nothingIsWrittenInReadOnlyMode() {
        Test.setReadOnlyApplicationMode(true);
        try { insert new Account(Name = 'a'); Assert.fail(); }
        catch (InvalidReadOnlyUserDmlException e) { Assert.areEqual(0, [SELECT COUNT() FROM Account]); }
        Test.setReadOnlyApplicationMode(false);
        insert new Account(Name = 'a');
    }
    @IsTest static void theModeEndsWithItsTest() { insert new Account(Name = 'a'); }
    @IsTest static void aParameterIsSet() {
        FeatureManagement.setPackageIntegerValue('Parcels', 8);
        Assert.areEqual(8, FeatureManagement.checkPackageIntegerValue('parcels'));
    }
    @IsTest static void theValueEndsWithItsTest() { Assert.areEqual(7, FeatureManagement.checkPackageIntegerValue('Parcels')); }
}"""


def test_what_tests_alone_may_set_ends_with_them() -> None:
    org = LiveOrg(Features=FEATURES)
    parameter = (Path(__file__).parent / "org_project/featureParameters").glob("*")
    org.deploy({f"featureParameters/{path.name.removesuffix('-meta.xml')}": path.read_bytes() for path in parameter})
    assert [(o.method_name, o.outcome, o.message) for o in run_tests(org.engine).outcomes] == [
        ("nothingIsWrittenInReadOnlyMode", "Pass", ""),
        ("theModeEndsWithItsTest", "Pass", ""),
        ("aParameterIsSet", "Pass", ""),
        ("theValueEndsWithItsTest", "Pass", ""),
    ]
