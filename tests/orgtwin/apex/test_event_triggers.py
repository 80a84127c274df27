"""Platform event triggers: batches, retries, checkpoints, chains.

Source: "Subscribing to Platform Events" (Platform Events Developer Guide).
"""

from __future__ import annotations

from functools import partial

import pytest
from tests.orgtwin.apex.live_org import LiveOrg

from orgtwin.allocations import Allocations
from orgtwin.apex.flow_actions import call_invocable
from orgtwin.apex.testing import run_tests
from orgtwin.events.service import EventService
from orgtwin.faults.table import FaultTable
from orgtwin.flows.service import flows_of
from orgtwin.metadata.service import MetadataService

EVENT = """<CustomObject><deploymentStatus>Deployed</deploymentStatus><eventType>HighVolume</eventType><label>Told</label>
<pluralLabel>Told</pluralLabel><publishBehavior>PublishAfterCommit</publishBehavior><fields><fullName>N__c</fullName>
<label>N</label><precision>18</precision><scale>0</scale><type>Number</type></fields></CustomObject>"""
RETRY = """trigger Retry on Told__e (after insert) {
    EventBus.TriggerContext c = EventBus.TriggerContext.currentContext();
    insert new Account(Name = 'try ' + c.retries);
    System.debug(c.retries + ' ' + c.lastError);
    if (c.retries < {times}) { throw new EventBus.RetryableException('not yet ' + c.retries); }
}"""
CHECKPOINT = """trigger Steps on Told__e (after insert) {
    Integer done = 0;
    for (Told__e e : Trigger.new) {
        if (done == 2) { break; }
        System.debug(Trigger.new.size() + ': ' + e.N__c);
        EventBus.TriggerContext.currentContext().setResumeCheckpoint(e.ReplayId);
        done++;
    }
}"""
FAULTY = """trigger Steps on Told__e (after insert) {
    for (Told__e e : Trigger.new) {
        System.debug(Trigger.new.size() + ': ' + e.N__c);
        if (e.N__c == 2 && Trigger.new.size() == 3) { throw new MathException('at two'); }
        EventBus.TriggerContext.currentContext().setResumeCheckpoint(e.ReplayId);
    }
}"""
ENDLESS = """trigger Again on Told__e (after insert) {
    insert new Account(Name = 'round ' + Trigger.new[0].N__c);
    EventBus.publish(new Told__e(N__c = Trigger.new[0].N__c + 1));
}"""
PUBLISH = "EventBus.publish(new List<Told__e>{new Told__e(N__c = 1), new Told__e(N__c = 2), new Told__e(N__c = 3)});"


FLOW = """<Flow><apiVersion>61.0</apiVersion><label>Heard</label><processType>AutoLaunchedFlow</processType>
<actionCalls><name>Note</name><label>Note</label><actionName>Note</actionName><actionType>apex</actionType>
<connector><targetReference>Keep</targetReference></connector>
<inputParameters><name>n</name><value><elementReference>$Record.N__c</elementReference></value></inputParameters></actionCalls>
<recordCreates><name>Keep</name><label>Keep</label><object>Account</object>
<inputAssignments><field>Name</field><value><stringValue>{prefix}{!$Record.N__c}</stringValue></value></inputAssignments>
</recordCreates>
<start><connector><targetReference>Note</targetReference></connector><object>Told__e</object><triggerType>PlatformEvent</triggerType>
<filters><field>N__c</field><operator>GreaterThan</operator><value><numberValue>1.0</numberValue></value></filters></start>
<status>Active</status></Flow>"""
NOTE = """public class Note {
    @InvocableMethod public static void write(List<Decimal> n) { System.debug(n + ' ' + UserInfo.getUserType()); }
}"""


def stage(**sources: str) -> LiveOrg:
    org = LiveOrg()
    org.deploy({"objects/Told__e.object": EVENT})
    org.load(**sources)
    return org


def publish(org: LiveOrg, source: str) -> list[str]:
    """Publish from a trigger of an API call's transaction; what its event triggers wrote after the commit."""
    org.load(Start=f"trigger Start on Contact (after insert) {{ {source} }}")
    assert org.insert("Contact", {"LastName": "Ada"})[0].success
    return org.debug_log()


def test_a_trigger_that_asks_for_it_gets_the_batch_again_and_its_writes_are_taken_back() -> None:
    org = stage(Retry=RETRY.replace("{times}", "2"))
    assert publish(org, PUBLISH) == ["0 null", "1 not yet 0", "2 not yet 1"]
    assert org.values("Account", "Name") == ["try 2"]


def test_after_nine_retries_the_trigger_hears_nothing_until_it_is_saved_again() -> None:
    source = RETRY.replace("{times}", "99")
    org = stage(Retry=source)
    assert len(publish(org, PUBLISH)) == 10
    assert publish(org, PUBLISH) == []
    assert org.values("Account", "Name") == []
    again = stage(Retry=source)
    assert len(publish(again, PUBLISH)) == 10


def test_a_checkpoint_makes_the_rest_come_in_another_transaction() -> None:
    assert publish(stage(Steps=CHECKPOINT), PUBLISH) == ["3: 1", "3: 2", "1: 3"]


def test_after_an_exception_the_trigger_goes_on_behind_its_checkpoint() -> None:
    assert publish(stage(Steps=FAULTY), PUBLISH) == ["3: 1", "3: 2", "2: 2", "2: 3"]


def test_a_trigger_without_a_checkpoint_loses_the_batch_by_an_exception_and_harms_no_publisher() -> None:
    org = stage(Bad="trigger Bad on Told__e (after insert) { insert new Account(Name = 'lost'); Integer n = 1 / 0; }")
    assert publish(org, PUBLISH)[0].startswith(
        "Bad: execution of AfterInsert\n\ncaused by: System.MathException: Divide by 0"
    )
    assert (org.values("Account", "Name"), org.values("Contact", "LastName")) == ([], ["Ada"])


LIMITED = """trigger Steps on Told__e (after insert) {
    for (Told__e e : Trigger.new) {
        while (e.N__c == 2 && Trigger.new.size() == 3) { Integer n = [SELECT COUNT() FROM Account]; }
        System.debug(Trigger.new.size() + ': ' + e.N__c);
        {checkpoint}
    }
}"""


@pytest.mark.parametrize(
    ("checkpoint", "heard"),
    [
        ("EventBus.TriggerContext.currentContext().setResumeCheckpoint(e.ReplayId);", ["3: 1", "2: 2", "2: 3"]),
        ("", ["3: 1", "Steps: System.LimitException: Too many SOQL queries: 101"]),
    ],
    ids=["with a checkpoint", "without"],
)
def test_a_limit_ends_one_batch_and_harms_no_publisher(checkpoint: str, heard: list[str]) -> None:
    org = stage(Steps=LIMITED.replace("{checkpoint}", checkpoint))
    assert publish(org, PUBLISH) == heard
    assert org.values("Contact", "LastName") == ["Ada"]


def test_a_trigger_that_retries_gets_the_whole_batch_whatever_checkpoint_it_set() -> None:
    last = "Trigger.new[Trigger.new.size() - 1].ReplayId"
    checkpoint = f"c.setResumeCheckpoint({last}); System.debug(Trigger.new.size() + ': ' + c"
    source = RETRY.replace("{times}", "1").replace("System.debug(c", checkpoint)
    org = stage(Retry=source)
    assert publish(org, PUBLISH) == ["3: 0 null", "3: 1 not yet 0"]
    assert org.values("Account", "Name") == ["try 1"]


def test_a_checkpoint_is_of_an_event_of_the_batch() -> None:
    org = stage(
        Wrong="""trigger Wrong on Told__e (after insert) {
            try { EventBus.TriggerContext.currentContext().setResumeCheckpoint('77'); }
            catch (EventBus.InvalidReplayIdException e) { System.debug(e.getMessage()); }
        }"""
    )
    assert publish(org, PUBLISH) == ["Invalid replay ID: 77"]


def test_each_trigger_of_an_event_gets_it_in_a_transaction_of_its_own() -> None:
    one = "trigger {0} on Told__e (after insert) {{ insert new Account(Name = '{0}'); {1} }}"
    org = stage(Bad=one.format("Bad", "Integer n = 1 / 0;"), Good=one.format("Good", ""))
    assert len(publish(org, PUBLISH)) == 1
    assert org.values("Account", "Name") == ["Good"]


def test_a_trigger_gets_as_many_events_and_runs_as_whom_its_configuration_says() -> None:
    org = stage(
        Who="trigger Who on Told__e (after insert) { System.debug(Trigger.new.size() + UserInfo.getUserId()); }"
    )
    administrator = org.caller.user_id
    username = org.org.table("User").reader("Username")(org.row("User", administrator))
    org.deploy(
        {"triggers/Who.trigger": "trigger Who on Told__e (after insert) { }", "triggers/Who.trigger-meta.xml": META}
    )
    org.deploy({"PlatformEventSubscriberConfigs/Who.platformEventSubscriberConfig": CONFIG.format(username)})
    assert publish(org, PUBLISH) == [f"2{administrator}", f"1{administrator}"]


META = "<ApexTrigger><apiVersion>66.0</apiVersion><status>Active</status></ApexTrigger>"
CONFIG = """<PlatformEventSubscriberConfig><batchSize>2</batchSize><masterLabel>Who</masterLabel>
<platformEventConsumer>Who</platformEventConsumer><user>{}</user></PlatformEventSubscriberConfig>"""


def test_an_event_trigger_runs_as_the_automated_process() -> None:
    org = stage(Who="trigger Who on Told__e (after insert) { System.debug(UserInfo.getUserId()); }")
    assert publish(org, PUBLISH) == [org.engine.port.automated_user_id]


def test_events_that_answer_events_end_after_a_hundred_rounds_and_it_is_said() -> None:
    org = stage(Again=ENDLESS)
    shown = publish(org, "EventBus.publish(new Told__e(N__c = 1));")
    assert shown == ["events that follow from events are dropped after 100 rounds"]
    assert org.values("Account", "Name") == [f"round {n}" for n in range(1, 101)]
    assert org.insert("Contact", {"LastName": "Bo"})[0].success


def test_a_trigger_published_after_commit_hears_nothing_of_what_was_rolled_back() -> None:
    org = stage(Who="trigger Who on Told__e (after insert) { System.debug('heard'); }")
    org.load(Start=f"trigger Start on Contact (after insert) {{ {PUBLISH} Trigger.new[0].addError('no'); }}")
    org.insert("Contact", {"LastName": "Ada"}, all_or_none=True)
    assert org.debug_log() == []


@pytest.mark.parametrize(
    ("behavior", "refused", "taken_back"),
    [("PublishAfterCommit", [], ["heard 1"]), ("PublishImmediately", ["heard 3"], ["heard 4"])],
)
def test_what_is_published_at_once_is_heard_though_it_is_rolled_back(
    behavior: str, refused: list[str], taken_back: list[str]
) -> None:
    org = LiveOrg()
    components = MetadataService(org.org).state.components
    EventService(org.org, components, FaultTable, Allocations(org.org.clock))
    org.deploy({"objects/Told__e.object": EVENT.replace("PublishAfterCommit", behavior)})
    org.load(Who="trigger Who on Told__e (after insert) { System.debug('heard ' + Trigger.new.size()); }")
    org.load(Start=f"trigger Start on Contact (after insert) {{ {PUBLISH} Trigger.new[0].addError('no'); }}")
    org.insert("Contact", {"LastName": "Ada"}, all_or_none=True)
    assert org.debug_log() == refused
    back = f"Savepoint s = Database.setSavepoint(); {PUBLISH} Database.rollback(s); EventBus.publish(new Told__e(N__c = 9));"
    assert publish(org, back) == taken_back
    org.load(T=f"@IsTest class T {{ @IsTest static void t() {{ Test.startTest(); {back} Test.stopTest(); }} }}")
    assert [outcome.message for outcome in org.run_tests()] == [""]
    assert org.debug_log() == taken_back


HEARD = """public class Heard implements EventBus.EventPublishSuccessCallback {
    public static List<String> uuids;
    public void onSuccess(EventBus.SuccessResult result) { uuids = result.getEventUuids(); }
}"""
HEARD_TEST = """@IsTest class HeardTest {
    @IsTest static void isTold() {
        Told__e event = (Told__e) Told__e.SObjectType.newSObject(null, true);
        Test.startTest(); EventBus.publish(event, new Heard()); Test.stopTest();
        Assert.areEqual(36, event.EventUuid.length());
        Assert.areEqual(new List<String>{ event.EventUuid }, Heard.uuids);
    }
}"""


def test_a_publisher_is_told_of_its_events_by_the_uuids_that_it_gave_them() -> None:
    org = stage(Heard=HEARD, HeardTest=HEARD_TEST)
    assert [(o.outcome, o.message) for o in run_tests(org.engine, ["HeardTest"]).outcomes] == [("Pass", "")]


LOST = """public class Lost implements EventBus.EventPublishFailureCallback {
    public static List<String> uuids;
    public void onFailure(EventBus.FailureResult result) { uuids = result.getEventUuids(); }
}"""
LOST_TEST = """@IsTest class LostTest {
    @IsTest static void isTold() {
        Told__e event = (Told__e) Told__e.SObjectType.newSObject(null, true);
        EventBus.publish(new List<Told__e>{ event }, new Lost());
        Test.getEventBus().fail();
        Assert.areEqual(new List<String>{ event.EventUuid }, Lost.uuids);
    }
}"""


def test_a_publisher_is_told_of_events_that_a_test_makes_fail() -> None:
    org = stage(Lost=LOST, LostTest=LOST_TEST)
    assert [(o.outcome, o.message) for o in run_tests(org.engine, ["LostTest"]).outcomes] == [("Pass", "")]


def test_a_checkpoint_is_told_when_it_is_set() -> None:
    told = """trigger Steps on Told__e (after insert) {
    EventBus.TriggerContext c = EventBus.TriggerContext.currentContext();
    System.debug(c.getResumeCheckpoint());
    c.setResumeCheckpoint(Trigger.new[2].ReplayId);
    System.debug(c.getResumeCheckpoint() == Trigger.new[2].ReplayId);
}"""
    assert publish(stage(Steps=told), PUBLISH) == ["null", "true"]


TELLS = """public class Tells implements EventBus.EventPublishSuccessCallback {
    public void onSuccess(EventBus.SuccessResult result) { System.debug(result.getEventUuids()); }
}"""


def test_a_publisher_in_an_org_is_called_back_after_the_commit_with_the_id_of_the_operation() -> None:
    org = stage(Tells=TELLS)
    told = publish(
        org,
        """Database.SaveResult r = EventBus.publish(new Told__e(N__c = 1), new Tells());
        System.debug(EventBus.getOperationId(r)); System.debug(r.getErrors()[0].getStatusCode());""",
    )
    assert told[1:] == ["OPERATION_ENQUEUED", f"({told[0]})"]


def test_a_publisher_whose_transaction_fails_is_not_called_back() -> None:
    org = stage(Tells=TELLS)
    source = "EventBus.publish(new Told__e(N__c = 1), new Tells()); Trigger.new[0].addError('no');"
    org.load(Start=f"trigger Start on Contact (after insert) {{ {source} }}")
    org.insert("Contact", {"LastName": "Ada"}, all_or_none=True)
    assert org.debug_log() == []
    assert org.insert("Account", {"Name": "after"})[0].success
    assert org.debug_log() == []


def test_a_flow_hears_the_events_that_meet_its_conditions_all_at_once() -> None:
    org = stage(Note=NOTE)
    flows_of(org.org).call_apex = partial(call_invocable, org.engine)
    org.deploy({"flows/Heard.flow": FLOW.replace("{prefix}", "n ")})
    assert publish(org, PUBLISH) == ["(2, 3) AutomatedProcess"]
    assert org.values("Account", "Name") == ["n 2", "n 3"]


def test_a_flow_that_fails_takes_back_what_it_did_for_the_events_and_harms_nobody_else() -> None:
    org = stage(Note=NOTE, Other="trigger Other on Told__e (after insert) { insert new Account(Name = 'other'); }")
    flows_of(org.org).call_apex = partial(call_invocable, org.engine)
    org.deploy({"flows/Heard.flow": FLOW.replace("{prefix}", "n" * 255)})
    assert [line[:20] for line in publish(org, PUBLISH)] == ["(2, 3) AutomatedProc", "flow Heard: This err"]
    assert org.values("Account", "Name") == ["other"]


def test_a_test_sees_how_far_a_trigger_has_heard() -> None:
    test = """@IsTest class Far { @IsTest static void heard() {
        EventBus.publish(new List<Told__e>{ new Told__e(N__c = 1), new Told__e(N__c = 2) });
        EventBusSubscriber before = [SELECT Name, Position, Tip, Status FROM EventBusSubscriber WHERE Topic = 'Told__e'];
        Test.getEventBus().deliver();
        EventBusSubscriber after = [SELECT Type, Position, Tip, Retries, LastError FROM EventBusSubscriber WHERE Name = 'Hear'];
        Assert.areEqual('Hear Running', before.Name + ' ' + before.Status);
        Assert.isTrue(before.Position < after.Position && before.Tip == after.Tip && after.Position == after.Tip);
        Assert.areEqual('ApexTrigger0null', after.Type + after.Retries + after.LastError);
    } }"""
    org = stage(Hear="trigger Hear on Told__e (after insert) { }", Far=test)
    assert [(o.outcome, o.message) for o in run_tests(org.engine).outcomes] == [("Pass", "")]
