"""Parents are saved when what they summarize changes: their triggers and rules run, and what refuses them refuses the children."""

from __future__ import annotations

from dataclasses import replace

import pytest
from msgspec import structs
from tests.orgtwin.apex.live_org import LiveOrg, messages
from tests.orgtwin.records.conftest import DETAIL, SAMPLE, custom
from tests.orgtwin.records.test_summaries import summary_field

from orgtwin.schema.model import Field, FieldType, SObjectType, ValidationRule

TRACE = """trigger Trace on Sample__c (before update, after update) {
    for (Sample__c s : Trigger.new) {
        System.debug(Trigger.operationType + ' ' + s.Name + ' ' + Trigger.oldMap.get(s.Id).Count__c + ' ' + s.Count__c);
    }
}"""
CHILD_TRACE = """trigger ChildTrace on Detail__c (after insert, after delete) {
    Id parent = (Trigger.isDelete ? Trigger.old : Trigger.new)[0].Parent__c;
    System.debug(Trigger.operationType + ' ' + [SELECT Count__c FROM Sample__c WHERE Id = :parent].Count__c);
}"""
AT_MOST_TWO = ValidationRule("Few", "Count__c > 2", "No more than two.", None)
UP = Field("Top__c", "Top", FieldType.REFERENCE, reference_to=("Top__c",), relationship_name="Top__r",
           child_relationship_name="Samples__r", nillable=True, cascade_delete=True, master_detail_order=0)  # fmt: skip
TOP = SObjectType("Top__c", "Top", "Tops", "a02", SAMPLE.fields[:3], custom=True)


def org_of_samples(**sources: str) -> LiveOrg:
    org = LiveOrg()
    count = summary_field("Count__c", "count", None, ())
    total = structs.replace(count, api_name="Total__c", summary=("Sample__c.Top__c", "sum", "Sample__c.Count__c"))
    types = [
        replace(SAMPLE, fields=(*SAMPLE.fields, *custom((count, UP))), validation_rules=(AT_MOST_TWO,)),
        replace(TOP, fields=(*TOP.fields, *custom((total,)))),
        DETAIL,
    ]
    org.org.replace_schema(org.org.schema.with_types(types))
    org.load(**sources)
    return org


def sample(org: LiveOrg, name: str, **values: object) -> str:
    return str(org.insert("Sample__c", {"Name": name, **values})[0].record_id)


def details(*parents: str) -> list[dict[str, object]]:
    return [{"Parent__c": parent} for parent in parents]


def test_a_parent_runs_its_triggers_after_those_of_the_child() -> None:
    org = org_of_samples(Trace=TRACE, ChildTrace=CHILD_TRACE)
    parent = sample(org, "one")
    org.debug_log()
    child = org.insert("Detail__c", {"Parent__c": parent})[0].record_id
    assert org.debug_log() == ["AFTER_INSERT 0", "BEFORE_UPDATE one 0 1", "AFTER_UPDATE one 0 1"]
    assert org.delete(child)[0].success
    assert org.debug_log() == ["AFTER_DELETE 1", "BEFORE_UPDATE one 1 0", "AFTER_UPDATE one 1 0"]
    assert org.undelete(child)[0].success
    assert org.debug_log() == ["BEFORE_UPDATE one 0 1", "AFTER_UPDATE one 0 1"]


def test_parents_of_a_batch_are_saved_together_and_those_that_say_nothing_new_are_not() -> None:
    org = org_of_samples(T="trigger T on Sample__c (after update) { System.debug(Trigger.new.size()); }")
    parents = [sample(org, name) for name in ("one", "two", "three")]
    made = org.insert("Detail__c", *details(*parents[:2], *parents[:2]))
    assert org.debug_log() == ["2"]
    org.org.dml.update(org.caller, "Detail__c", [{"Id": made[0].record_id, "Amount__c": 5}])
    assert org.debug_log() == []
    org.org.dml.update(org.caller, "Detail__c", [{"Id": made[0].record_id, "Parent__c": parents[2]}])
    assert org.debug_log() == ["2"]
    assert org.values("Sample__c", "Count__c") == [1, 2, 1]


@pytest.mark.parametrize("all_or_none", [False, True])
def test_what_refuses_a_parent_refuses_its_children_alone(all_or_none: bool) -> None:
    org = org_of_samples()
    full, free = sample(org, "full"), sample(org, "free")
    org.insert("Detail__c", *details(full, full))
    results = org.insert("Detail__c", *details(full, free), all_or_none=all_or_none)
    assert messages(results)[0] == "No more than two."
    assert [result.success for result in results] == [False, not all_or_none]
    assert org.values("Sample__c", "Count__c") == [2, 0 if all_or_none else 1]


def test_a_child_whose_parent_keeps_it_is_not_deleted() -> None:
    refuse = """trigger Keep on Sample__c (after update) {
        for (Sample__c s : Trigger.new) { if (s.Count__c == 0) { s.addError('one must stay'); } }
    }"""
    org = org_of_samples(Keep=refuse)
    first, second = sample(org, "first"), sample(org, "second")
    made = org.insert("Detail__c", *details(first, second, second))
    assert messages(org.delete(made[0].record_id, made[1].record_id)) == ["one must stay", ""]
    assert org.values("Sample__c", "Count__c") == [1, 1]
    assert org.delete(first)[0].success


def test_a_before_trigger_of_a_parent_changes_what_is_stored_with_the_summary() -> None:
    org = org_of_samples(
        T="trigger T on Sample__c (before update) { for (Sample__c s : Trigger.new) { s.Text__c = 'has ' + s.Count__c; } }"
    )
    org.insert("Detail__c", {"Parent__c": sample(org, "one")})
    assert (org.values("Sample__c", "Text__c"), org.values("Sample__c", "Count__c")) == (["has 1"], [1])


def test_a_parents_parent_follows_and_what_refuses_it_refuses_the_child() -> None:
    refuse = "trigger Most on Top__c (after update) { if (Trigger.new[0].Total__c > 2) { Trigger.new[0].addError('enough'); } }"
    org = org_of_samples(Most=refuse)
    top = org.insert("Top__c", {"Name": "top"})[0].record_id
    one, two = (sample(org, name, Top__c=top) for name in ("one", "two"))
    assert messages(org.insert("Detail__c", *details(one, two))) == ["", ""]
    assert org.values("Top__c", "Total__c") == [2]
    assert messages(org.insert("Detail__c", {"Parent__c": one})) == ["enough"]
    assert (org.values("Top__c", "Total__c"), org.values("Sample__c", "Count__c")) == ([2], [1, 1])


def test_a_trigger_of_a_parent_that_changes_its_children_ends_when_the_summary_does_not_move() -> None:
    org = org_of_samples(
        T="""trigger T on Sample__c (after update) {
            List<Detail__c> rows = [SELECT Id, Amount__c FROM Detail__c WHERE Parent__c IN :Trigger.newMap.keySet()];
            for (Detail__c d : rows) { d.Amount__c = 7; }
            update rows;
            System.debug(rows.size());
        }"""
    )
    assert org.insert("Detail__c", {"Parent__c": sample(org, "one")})[0].success
    assert (org.debug_log(), org.values("Detail__c", "Amount__c")) == (["1"], [7])
