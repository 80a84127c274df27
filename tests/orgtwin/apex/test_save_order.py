"""Apex inside the saves of every API, and what follows their commit."""

from __future__ import annotations

import pytest
from tests.orgtwin.apex.live_org import LiveOrg, messages

from orgtwin.apex.faults import ApexThrow

TRACE = """trigger Trace on Account (before insert, before update, before delete, after insert, after update, after delete,
    after undelete) {
    List<Account> rows = Trigger.isDelete ? Trigger.old : Trigger.new;
    System.debug(Trigger.operationType + ' ' + rows.size() + ' ' + rows[0].Name);
}"""
REFUSE_DELETE = """trigger Keep on Account (before delete, after delete) {
    for (Account a : Trigger.old) {
        if (Trigger.isBefore && a.Name == 'kept') { a.addError('it is kept'); }
        if (Trigger.isAfter && a.Name == 'late') { a.addError('too late'); }
    }
}"""


def test_a_delete_by_api_runs_the_delete_triggers() -> None:
    org = LiveOrg(Trace=TRACE)
    account = org.insert("Account", {"Name": "Acme"})[0].record_id
    org.debug_log()
    assert org.delete(account)[0].success
    assert org.debug_log() == ["BEFORE_DELETE 1 Acme", "AFTER_DELETE 1 Acme"]


def test_an_undelete_by_api_runs_the_after_undelete_triggers() -> None:
    org = LiveOrg(Trace=TRACE)
    account = org.insert("Account", {"Name": "Acme"})[0].record_id
    org.delete(account)
    org.debug_log()
    assert org.undelete(account)[0].success
    assert org.debug_log() == ["AFTER_UNDELETE 1 Acme"]


def rows(prefix: str, count: int) -> list[dict[str, object]]:
    return [{"Name": f"{prefix}{number}"} for number in range(count)]


def test_more_than_200_deleted_rows_reach_the_triggers_in_chunks() -> None:
    org = LiveOrg(Trace=TRACE)
    made = org.insert("Account", *rows("a", 201))
    org.debug_log()
    org.delete(*(r.record_id for r in made))
    assert org.debug_log() == [
        "BEFORE_DELETE 200 a0",
        "AFTER_DELETE 200 a0",
        "BEFORE_DELETE 1 a200",
        "AFTER_DELETE 1 a200",
    ]


def test_a_row_that_a_delete_trigger_refuses_stays_and_the_others_go() -> None:
    org = LiveOrg(Keep=REFUSE_DELETE)
    made = org.insert("Account", {"Name": "kept"}, {"Name": "late"}, {"Name": "gone"})
    assert messages(org.delete(*(r.record_id for r in made))) == ["it is kept", "too late", ""]
    assert org.values("Account", "Name") == ["kept", "late"]


def test_all_or_none_deletes_nothing_when_a_trigger_refuses_one() -> None:
    org = LiveOrg(Keep=REFUSE_DELETE)
    made = org.insert("Account", {"Name": "kept"}, {"Name": "gone"})
    org.delete(*(r.record_id for r in made), all_or_none=True)
    assert org.values("Account", "Name") == ["kept", "gone"]


def test_rows_that_go_with_their_parent_run_no_triggers() -> None:
    trigger = "trigger T on Contact (before delete) { System.debug('contact'); }"
    org = LiveOrg(Trace=TRACE, T=trigger)
    account = org.insert("Account", {"Name": "Acme"})[0].record_id
    org.insert("Contact", {"LastName": "Ada", "AccountId": account})
    org.debug_log()
    org.delete(account)
    assert org.debug_log() == ["BEFORE_DELETE 1 Acme", "AFTER_DELETE 1 Acme"]


def test_the_triggers_of_one_chunk_share_their_static_fields() -> None:
    org = LiveOrg(
        Count="public class Count { public static Integer runs = 0; }",
        T="trigger T on Account (before insert, after insert) { System.debug(++Count.runs); }",
    )
    org.insert("Account", {"Name": "one"})
    assert org.debug_log() == ["1", "2"]
    org.insert("Account", *rows("b", 201))
    assert org.debug_log() == ["1", "2", "1", "2"]


def test_static_fields_keep_their_values_when_rows_are_tried_again() -> None:
    org = LiveOrg(
        Count="public class Count { public static Integer runs = 0; }",
        T="""trigger T on Account (after insert) {
            System.debug(++Count.runs + ': ' + Trigger.new.size());
            for (Account a : Trigger.new) { if (a.Name == 'bad') { a.addError('no'); } }
        }""",
    )
    assert messages(org.insert("Account", {"Name": "good"}, {"Name": "bad"})) == ["", "no"]
    assert org.debug_log() == ["1: 2", "2: 1"]


def test_merge_moves_children_deletes_the_losers_and_updates_the_master() -> None:
    org = LiveOrg(
        T="""trigger T on Account (before delete, after delete, before update, after update) {
            for (Account a : Trigger.old) {
                System.debug(Trigger.operationType + ' ' + a.Name + ' ' + (a.MasterRecordId != null));
            }
        }"""
    )
    master, loser = (r.record_id for r in org.insert("Account", {"Name": "master"}, {"Name": "loser"}))
    contact = org.insert("Contact", {"LastName": "Ada", "AccountId": loser})[0].record_id
    shown = org.run(
        f"Account m = new Account(Id = '{master}', Description = 'merged'); merge m new Account(Id = '{loser}');"
        " System.debug([SELECT Description FROM Account].Description);"
    )
    assert shown == [
        "BEFORE_DELETE loser false",
        "AFTER_DELETE loser true",
        "BEFORE_UPDATE master false",
        "AFTER_UPDATE master false",
        "merged",
    ]
    assert org.org.table("Contact").reader("AccountId")(org.row("Contact", contact)) == master


def test_database_merge_tells_what_was_merged() -> None:
    org = LiveOrg()
    master, loser = (str(r.record_id) for r in org.insert("Account", {"Name": "master"}, {"Name": "loser"}))
    shown = org.run(
        f"Account m = [SELECT Id FROM Account WHERE Id = '{master}'];"
        f" Database.MergeResult r = Database.merge(m, (Id) '{loser}', false);"
        " System.debug(r.isSuccess() + ' ' + r.getMergedRecordIds());"
    )
    assert shown == [f"true ({loser})"]


def test_a_contract_cannot_be_merged() -> None:
    org = LiveOrg()
    shown = org.run(
        "Opportunity[] o = new List<Opportunity>{new Opportunity(Name='a', StageName='Prospecting', CloseDate=Date.today()),"
        " new Opportunity(Name='b', StageName='Prospecting', CloseDate=Date.today())}; insert o;"
        " try { Database.merge(o[0], o[1]); } catch (DmlException e) { System.debug(e.getMessage()); }"
    )
    assert shown == [
        "Merge failed. First exception on row 0 with id "
        + str(org.org.table("Opportunity").reader("Id")(next(iter(org.org.table("Opportunity").rows()))))
        + "; first error: INVALID_TYPE, Opportunity: only Account, Case, Contact, Lead can be merged: []"
    ]


def test_what_is_emptied_out_of_the_bin_cannot_come_back() -> None:
    org = LiveOrg()
    shown = org.run(
        "Account a = new Account(Name='a'); insert a; delete a; Database.emptyRecycleBin(a);"
        " Database.UndeleteResult r = Database.undelete(a, false); System.debug(r.isSuccess());"
    )
    assert shown == ["false"]


QUEUEABLE = """public class Job implements Queueable, Finalizer {
    public void execute(QueueableContext context) {
        System.attachFinalizer(new Job());
        if ([SELECT COUNT() FROM Account WHERE Name = 'broken'] > 0) { throw new MathException('no'); }
        insert new Account(Name = 'by the job');
    }
    public void execute(FinalizerContext context) {
        System.debug(context.getResult() + ' ' + (context.getException() == null));
    }
}"""


def test_a_job_that_a_trigger_queues_runs_after_the_commit() -> None:
    org = LiveOrg(Job=QUEUEABLE, T="trigger T on Contact (after insert) { System.enqueueJob(new Job()); }")
    org.insert("Contact", {"LastName": "Ada"})
    assert org.values("Account", "Name") == ["by the job"]
    assert org.values("AsyncApexJob", "Status") == ["Completed"]
    assert org.debug_log() == ["SUCCESS true"]


def test_a_job_that_throws_harms_nobody_and_its_finalizer_is_told() -> None:
    org = LiveOrg(Job=QUEUEABLE, T="trigger T on Contact (after insert) { System.enqueueJob(new Job()); }")
    org.insert("Account", {"Name": "broken"})
    assert org.insert("Contact", {"LastName": "Ada"})[0].success
    assert org.values("AsyncApexJob", "Status") == ["Failed"]
    assert org.values("AsyncApexJob", "ExtendedStatus") == ["MathException: no"]
    assert org.debug_log()[0] == "UNHANDLED_EXCEPTION false"


def test_a_job_of_rows_that_were_rolled_back_is_not_run() -> None:
    org = LiveOrg(
        Job=QUEUEABLE,
        T="""trigger T on Contact (before insert) {
            System.enqueueJob(new Job());
            Trigger.new[0].addError('no');
        }""",
    )
    org.insert("Contact", {"LastName": "Ada"}, all_or_none=True)
    assert org.values("Account", "Name") == []


COUNTED = {
    "Count": "public class Count { public static Integer runs = 0; }",
    "T": """trigger T on Account (before insert, after insert) {
        List<Account> found = [SELECT Id FROM Account];
        System.debug(Trigger.operationType + ' run ' + ++Count.runs + ': ' + Trigger.new.size() + ' rows, ' + Limits.getQueries());
        if (Trigger.isBefore) for (Account a : Trigger.new) { if (a.Name == 'bad') { a.addError('no'); } }
    }""",
}


def test_rows_run_again_without_those_that_any_step_refused_and_limits_start_again_but_static_fields_do_not() -> None:
    org = LiveOrg(**COUNTED)
    assert messages(org.insert("Account", {"Name": "good"}, {"Name": "bad"})) == ["", "no"]
    assert org.debug_log() == [
        "BEFORE_INSERT run 1: 2 rows, 1",
        "AFTER_INSERT run 2: 1 rows, 2",
        "BEFORE_INSERT run 3: 1 rows, 1",
        "AFTER_INSERT run 4: 1 rows, 2",
    ]


def test_apex_that_takes_what_can_be_saved_has_its_limits_back_for_each_attempt() -> None:
    org = LiveOrg(**COUNTED)
    shown = org.run(
        "Integer n = [SELECT COUNT() FROM Account];"
        " Database.insert(new List<Account>{ new Account(Name = 'good'), new Account(Name = 'bad') }, false);"
        " System.debug(Limits.getQueries());"
    )
    assert shown[2:] == ["BEFORE_INSERT run 3: 1 rows, 2", "AFTER_INSERT run 4: 1 rows, 3", "3"]


def test_all_or_none_makes_one_attempt() -> None:
    org = LiveOrg(**COUNTED)
    failed = org.insert("Account", {"Name": "good"}, {"Name": "bad"}, all_or_none=True)
    assert [r.success for r in failed] == [False, False]
    assert org.debug_log() == ["BEFORE_INSERT run 1: 2 rows, 1", "AFTER_INSERT run 2: 1 rows, 2"]
    assert org.values("Account", "Name") == []


def test_after_three_attempts_with_new_refusals_nothing_of_the_batch_is_saved() -> None:
    org = LiveOrg(
        Count="public class Count { public static Integer runs = 0; }",
        T="trigger T on Account (before insert) { Count.runs++; Trigger.new[0].addError('run ' + Count.runs); }",
    )
    retries = "Too many batch retries in the presence of Apex triggers and partial failures."
    assert messages(org.insert("Account", *rows("a", 5))) == ["run 1", "run 2", "run 3", retries, retries]
    assert org.values("Account", "Name") == []


CHAIN = (
    "public class Chain implements Queueable { public void execute(QueueableContext c) { System.debug('ran'); go(); }"
)
BATCH = """public class Again implements Database.Batchable<Integer> {
    public Iterable<Integer> start(Database.BatchableContext c) { return new List<Integer>{ 1 }; }
    public void execute(Database.BatchableContext c, List<Integer> l) { System.debug('ran'); }
    public void finish(Database.BatchableContext c) { Database.executeBatch(new Again()); }
}"""


def test_a_chain_of_queueable_jobs_has_five_links_as_in_a_developer_edition_org() -> None:
    org = LiveOrg(Chain=f"{CHAIN} public static void go() {{ System.enqueueJob(new Chain()); }} }}")
    with pytest.raises(ApexThrow) as thrown:
        org.run("Chain.go();")
    assert str(thrown.value) == "System.AsyncException: Maximum stack depth has been reached."
    assert org.debug_log() == ["ran"] * 5


def test_jobs_that_follow_from_each_other_for_ever_end_after_a_hundred() -> None:
    org = LiveOrg(Again=BATCH)
    assert org.run("Database.executeBatch(new Again());")[:-1] == ["ran"] * 100
    aborted = org.run(
        "System.debug([SELECT ExtendedStatus FROM AsyncApexJob WHERE Status = 'Aborted'].ExtendedStatus);"
    )
    assert aborted == ["Again: a chain of jobs ends after 100; an org would go on for ever"]


MAIL = """trigger Mails on Account (after insert) {
    Messaging.SingleEmailMessage m = new Messaging.SingleEmailMessage();
    m.setToAddresses(new List<String>{ 'ada@example.com' }); m.setPlainTextBody(Trigger.new[0].Name);
    Messaging.sendEmail(new List<Messaging.Email>{ m });
    if (Trigger.new[0].Name == 'refused') { Integer n = 1 / 0; }
}"""


def test_an_email_goes_out_with_the_commit_and_not_without_it() -> None:
    """Source: "Triggers and Order of Execution": e-mail is sent after the commit."""
    org = LiveOrg(Mails=MAIL)
    mark = org.org.log.begin()
    assert org.insert("Account", {"Name": "taken back"})[0].success
    org.org.log.abort(mark)
    assert org.insert("Account", {"Name": "saved"})[0].success
    assert [mail["plaintextbody"] for mail in org.engine.outbox] == ["saved"]


JOBS = {
    "Sweep": """public class Sweep implements Database.Batchable<SObject> {
        public List<Account> start(Database.BatchableContext c) { return [SELECT Name FROM Account]; }
        public void execute(Database.BatchableContext c, List<Account> rows) {
            System.debug('execute ' + rows.size());
            if (rows[0].Name == 'a1') { throw new QueryException(); }
        }
        public void finish(Database.BatchableContext c) {
            AsyncApexJob told = [SELECT Status, CompletedDate FROM AsyncApexJob WHERE Id = :c.getJobId()];
            System.debug('finish ' + (told.Status == 'Completed' && told.CompletedDate == System.now()));
        }
    }""",
    "Later": "public class Later implements Queueable { public void execute(QueueableContext c) { } }",
    "Soon": "public class Soon { @future public static void run() { } }",
}
TOLD = """for (AsyncApexJob j : [SELECT JobType, Status, JobItemsProcessed, TotalJobItems, NumberOfErrors, ExtendedStatus,
        CompletedDate FROM AsyncApexJob WHERE JobType != 'BatchApexWorker' ORDER BY JobType]) {
    System.debug(String.join(new List<Object>{j.JobType, j.Status, j.JobItemsProcessed, j.TotalJobItems, j.NumberOfErrors,
        '' + j.ExtendedStatus, j.CompletedDate == System.now()}, ' '));
}"""


def test_a_batch_without_rows_does_not_execute_and_every_job_tells_when_it_was_done() -> None:
    org = LiveOrg(**JOBS)
    shown = org.run("Database.executeBatch(new Sweep()); System.enqueueJob(new Later()); Soon.run();")
    assert shown == ["finish true"]
    assert org.run(TOLD) == [f"{kind} Completed 0 0 0 null true" for kind in ("BatchApex", "Future", "Queueable")]


def test_a_batch_goes_on_after_a_part_that_fails_and_tells_its_first_error() -> None:
    org = LiveOrg(**JOBS)
    org.insert("Account", *rows("a", 3))
    shown = org.run("Database.executeBatch(new Sweep(), 1);")
    assert shown == ["execute 1", "execute 1", "execute 1", "finish true"]
    assert org.run(TOLD) == ["BatchApex Completed 3 3 1 First error: Script-thrown exception true"]


@pytest.mark.parametrize("use", ["rollback", "releaseSavepoint"])
def test_a_savepoint_does_not_cross_invocations_of_triggers(use: str) -> None:
    """Source: "Transaction Control" (Apex Developer Guide)."""
    tries = f"try {{ Database.{use}(Kept.point); }} catch (TypeException e) {{ System.debug(e.getMessage()); }}"
    org = LiveOrg(
        Kept="public class Kept { public static Savepoint point; }",
        Sets=f"trigger Sets on Account (after insert) {{ {tries} Kept.point = Database.setSavepoint(); }}",
    )
    told = "Savepoint is not valid: it was set in another trigger invocation"
    source = f"Kept.point = Database.setSavepoint(); insert new Account(Name = 'a'); {tries}"
    assert org.run(source) == [told, told]
    assert len(org.values("Account", "Name")) == 1
