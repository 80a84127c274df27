"""What an event means: an echo only with our name AND our values; without values a re-read; without records a look."""

from typing import Any

import pytest
from tests.clmkit.sync.world import shipped_spec

from clmkit.clients.pubsub import Change, Published
from clmkit.codegen.names import name_object
from clmkit.codegen.rules import publishes_changes
from clmkit.sync.event_facts import Heard, Judge, default_topics
from clmkit.sync.state import Fields, Link

OURS, THEIRS = "com/salesforce/api/rest/66.0;client=clmkit", "com/salesforce/api/rest/66.0;client=dataloader"
BASE: Fields = {
    "CLM_Title__c": "Supply",
    "StartDate": "2026-01-01",
    "CLM_Total_Value__c": "120.50",
    "CLM_Is_Perpetual__c": False,
    "AccountId": "PTY-acme",
    "CustomerSignedId": None,
}
LINK = Link("contract", "AGR-1", "AGR-1", "800A", 3, "", BASE, {"AccountId": "001A", "CustomerSignedId": "003OLD"})
JANUARY_FIRST = 1_767_225_600_000


def change(kind: str = "UPDATE", origin: str = OURS, ids: tuple[str, ...] = ("800A",), **values: Any) -> Change:
    return Change("Contract", kind, ids, origin, "005U", "tx", 1, JANUARY_FIRST, tuple(values), (), values, "E1")


def hear(record: Change | Published, link: Link = LINK) -> Heard:
    return Judge(shipped_spec()).judge([record], {link.record_id: link})


def test_the_topics_are_the_events_that_the_generated_triggers_publish() -> None:
    spec = shipped_spec()
    published = {f"/event/{name_object(spec, one).event}": one.name for one in spec.objects if publishes_changes(one)}
    assert default_topics(spec) == published == {"/event/CLM_Contract_Change__e": "contract"}


# values that an event with our name tells
ECHOES: list[dict[str, Any]] = [
    {"CLM_Title__c": "Supply"},
    {"CLM_Title__c": "Supply", "LastModifiedDate": 5},
    {"StartDate": JANUARY_FIRST},
    {"StartDate": "2026-01-01"},
    {"CLM_Total_Value__c": 120.5},
    {"CLM_Is_Perpetual__c": False},
    {"AccountId": "001A"},
    {"CustomerSignedId": None},
    {"CLM_Version__c": 2.0, "CLM_Title__c": "Supply"},
]


@pytest.mark.parametrize("values", ECHOES)
def test_our_name_and_the_agreed_values_are_an_echo(values: dict[str, Any]) -> None:
    heard = hear(change(**values))
    assert heard.settled == {"event:E1:800A": "our own write came back"}


REWRITTEN: list[dict[str, Any]] = [
    {"CLM_Title__c": "SUPPLY"},
    {"StartDate": JANUARY_FIRST + 86_400_000},
    {"CLM_Total_Value__c": 121},
    {"AccountId": "001B"},
    {"AccountId": None},
    {"CustomerSignedId": "003OLD"},
    {"OwnerId": "005X"},
]


@pytest.mark.parametrize("values", REWRITTEN)
def test_our_name_with_another_value_is_work_because_an_automation_rewrote_it(values: dict[str, Any]) -> None:
    heard = hear(change(**values))
    assert (heard.settled, [(one.agreement_id, one.source) for one in heard.news]) == (
        {},
        [("AGR-1", "event:contract")],
    )


def test_the_agreed_values_with_another_name_are_work() -> None:
    assert hear(change(origin=THEIRS, CLM_Title__c="Supply")).settled == {}


def test_a_change_of_no_mapped_field_is_settled_without_a_look() -> None:
    heard = hear(change(origin=THEIRS, Description="x"))
    assert heard.settled == {"event:E1:800A": "no mapped field changed"}


def test_a_value_that_was_put_back_is_never_taken_for_an_echo() -> None:
    link = Link("contract", "AGR-1", "AGR-1", "800A", 3, "", BASE, {}, {"CLM_Title__c": 1})
    assert hear(change(CLM_Title__c="Supply"), link).settled == {}


@pytest.mark.parametrize("kind", ["GAP_UPDATE", "GAP_CREATE", "GAP_UNDELETE", "UNDELETE"])
def test_what_does_not_tell_its_values_is_read_again(kind: str) -> None:
    heard = hear(change(kind))
    assert ([one.agreement_id for one in heard.news], heard.look) == (["AGR-1"], "")
    assert heard.settled == ({"event:E1:800A": "no mapped field changed"} if kind == "UNDELETE" else {})


@pytest.mark.parametrize(("kind", "ids"), [("GAP_OVERFLOW", ("000000000000000AAA",)), ("UPDATE", ("800*",))])
def test_what_does_not_tell_its_records_asks_for_a_look(kind: str, ids: tuple[str, ...]) -> None:
    heard = hear(change(kind, ids=ids))
    assert heard.news == []
    assert heard.look == f"Salesforce tells of changed Contracts without saying which ({kind})"


@pytest.mark.parametrize("kind", ["DELETE", "GAP_DELETE"])
def test_a_deletion_names_the_link_that_it_ends(kind: str) -> None:
    heard = hear(change(kind))
    assert heard.deleted == {"event:E1:800A": (LINK, "2026-01-01T00:00:00.000+00:00")}
    assert [one.source for one in heard.news] == ["deleted:contract"]


def test_a_record_that_is_not_ours_is_nothing() -> None:
    assert hear(change(ids=("800ELSE",), CLM_Title__c="Supply")).news == []
    assert hear(Change("Opportunity", "UPDATE", ("006A",), "", "", "", 1, 0, (), (), {})).news == []


def test_a_created_record_that_names_its_key_is_work() -> None:
    heard = hear(change("CREATE", ids=("800NEW",), CLM_Id__c="AGR-9"))
    assert [one.agreement_id for one in heard.news] == ["AGR-9"]


def test_the_event_of_the_generated_trigger_names_the_agreement() -> None:
    heard = hear(Published("CLM_Contract_Change__e", {"Key__c": "AGR-7", "Changed_By__c": "005U"}, "E7"))
    assert [(one.event_id, one.agreement_id, one.actor) for one in heard.news] == [("event:E7", "AGR-7", "005U")]


def test_events_of_others_are_nothing() -> None:
    assert hear(Published("Other__e", {"Key__c": "AGR-7"}, "E7")).news == []
