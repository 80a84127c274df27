"""A deployed change-event trigger hears what every other subscriber hears, after the commit."""

from __future__ import annotations

from tests.orgtwin.events.stage import Listening, Stage

from orgtwin.metadata.archive import write_archive

META = '<ApexTrigger xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>66.0</apiVersion><status>Active</status></ApexTrigger>'
MANIFEST = """<Package xmlns="http://soap.sforce.com/2006/04/metadata"><types><members>Changes</members><name>ApexTrigger</name></types>
<version>66.0</version></Package>"""
TRIGGER = """trigger Changes on {} (after insert) {{
    EventBus.ChangeEventHeader header = Trigger.new[0].ChangeEventHeader;
    insert new Task(Subject = header.changeType + ' ' + header.transactionKey, Description = header.changeOrigin);
}}"""


def told(stage: Stage, event: str) -> list[tuple[object, object]]:
    """Deploy a trigger on an event, create an account; the tasks that follow."""
    files = {
        "package.xml": MANIFEST,
        "triggers/Changes.trigger": TRIGGER.format(event),
        "triggers/Changes.trigger-meta.xml": META,
    }
    stage.deploy(write_archive({name: text.encode() for name, text in files.items()}))
    stage.create("Account", client="clmkit", Name="Acme")
    table = stage.twin.org.table("Task")
    subject, description = table.reader("Subject"), table.reader("Description")
    return [(subject(row), description(row)) for row in table.rows()]


def test_the_trigger_is_told_of_the_transaction_that_other_subscribers_hear_of(
    stage: Stage, listening: Listening
) -> None:
    found = told(stage, "AccountChangeEvent")
    key = listening.heard()[0]["ChangeEventHeader"]["transactionKey"]
    assert found == [(f"CREATE {key}", "com/salesforce/api/rest/66.0;client=clmkit")]


def test_a_change_of_another_object_is_not_told(stage: Stage) -> None:
    assert told(stage, "ContactChangeEvent") == []


def test_an_object_that_no_channel_selects_tells_no_trigger() -> None:
    stage = Stage(deployed=False)
    assert told(stage, "AccountChangeEvent") == []
    stage.twin.house.close()
