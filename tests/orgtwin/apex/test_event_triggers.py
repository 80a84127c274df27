"""Platform event triggers: batches, retries, checkpoints, chains.

Source: "Subscribing to Platform Events" (Platform Events Developer Guide).
"""

from __future__ import annotations

from tests.orgtwin.apex.live_org import LiveOrg

from orgtwin.apex.testing import run_tests

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


def test_after_nine_retries_the_trigger_is_not_run_again() -> None:
    org = stage(Retry=RETRY.replace("{times}", "99"))
    assert len(publish(org, PUBLISH)) == 10
    assert org.values("Account", "Name") == []


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
